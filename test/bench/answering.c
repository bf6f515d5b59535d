#include "answering.h"

#include "measure.h"
#include "vcard/core/vcard.h"

enum vcard_answer __real_vcard_transmit(struct vcard *v, struct span command, struct wr *rsp);
enum vcard_answer __wrap_vcard_transmit(struct vcard *v, struct span command, struct wr *rsp);

double answering;

enum vcard_answer __wrap_vcard_transmit(struct vcard *v, struct span command, struct wr *rsp)
{
	double from = now();
	enum vcard_answer a = __real_vcard_transmit(v, command, rsp);

	answering += now() - from;
	return a;
}
