/*
 * The file system of a UICC (ETSI TS 102 221 8, 11.1): MF with EF_DIR and EF_ICCID, the application
 * USIM and DF_GSM with EF_IMSI and EF_AD (TS 31.102 4.2). Files are read without a PIN and written
 * by nobody.
 */
#include "tlv/tlv.h"
#include "vcard/broadcast/mode.h"
#include "vcard/content/content.h"
#include "vcard/core/card_state.h"
#include "vcard/core/handlers.h"
#include "vcard/products/product.h"

enum file_ins { INS_READ_BINARY = 0xB0, INS_READ_RECORD = 0xB2, INS_STATUS = 0xF2 };
enum file_sw {
	SW_NOT_THAT_FILE = 0x6981,
	SW_NO_EF = 0x6986,
	SW_NO_RECORD = 0x6A83,
	SW_WRONG_OFFSET = 0x6B00,
	SW_OTHER_LE = 0x6C00
};
enum select_p1 { BY_FID = 0x00, PARENT = 0x03, BY_NAME = 0x04, FROM_MF = 0x08, FROM_DF = 0x09 };
enum { P2_FCP = 0x04, P2_NOTHING = 0x0C, P2_OCCURRENCE = 0x03, P2_ABSOLUTE = 0x04 };
enum { FID_MF = 0x3F00, FID_DIR = 0x2F00, FID_ICCID = 0x2FE2, FID_ADF = 0x7FFF, FID_GSM = 0x7F20 };
enum { FID_IMSI = 0x6F07, FID_AD = 0x6FAD, RECORD_SIZE = 0x26, FILE_SIZE_MAX = 64 };
enum kind { DEDICATED = 0x78, TRANSPARENT = 0x41, LINEAR = 0x42 };

static const struct aid aid_usim = { 16, { 0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02, 0xFF, 0xFF,
					     0xFF, 0xFF, 0x89, 0x06, 0x19, 0x00, 0x00 } };

struct file {
	uint16_t fid, parent;
	uint8_t kind, sfi;
};

static const struct file files[] = {
	{ FID_MF, 0, DEDICATED, 0 },
	{ FID_DIR, FID_MF, LINEAR, 0x1E },
	{ FID_ICCID, FID_MF, TRANSPARENT, 0x02 },
	{ FID_ADF, FID_MF, DEDICATED, 0 },
	{ FID_IMSI, FID_ADF, TRANSPARENT, 0x07 },
	{ FID_AD, FID_ADF, TRANSPARENT, 0x03 },
	{ FID_GSM, FID_MF, DEDICATED, 0 },
	{ FID_IMSI, FID_GSM, TRANSPARENT, 0x07 },
	{ FID_AD, FID_GSM, TRANSPARENT, 0x03 },
};

static const struct file *child(uint16_t parent, uint16_t fid)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (files[i].fid == fid && files[i].parent == parent)
			return &files[i];
	return NULL;
}

static const struct file *directory(uint16_t fid)
{
	return child(fid == FID_MF ? 0 : FID_MF, fid);
}

/* ---- what is in the files ---- */

/* The one record: application template of the USIM, filled up. */
static void dir_put(struct wr *w)
{
	size_t mark = tlv_open(w, 0x61);

	tlv_put(w, 0x4F, aid_span(&aid_usim));
	tlv_put(w, 0x50, span_str("USIM"));
	tlv_close(w, mark);
	if (w->n < RECORD_SIZE)
		wr_fill(w, 0xFF, RECORD_SIZE - w->n);
}

static void content_put(struct wr *w, const struct chip *c, const struct file *f)
{
	static const uint8_t administrative[] = { 0x00, 0x00, 0x00, 0x02 }; /* MNC of two digits */

	switch (f->fid) {
	case FID_DIR:
		dir_put(w);
		break;
	case FID_ICCID:
		wr_bytes(w, c->iccid, sizeof(c->iccid));
		break;
	case FID_IMSI:
		wr_bytes(w, c->imsi, sizeof(c->imsi));
		break;
	case FID_AD:
		wr_bytes(w, administrative, sizeof(administrative));
		break;
	}
}

/* ---- SELECT and STATUS (TS 102 221 11.1.1, 11.1.2) ---- */

static void dedicated_put(struct wr *w, const struct file *f)
{
	/* PINs: none of them is in use; universal PIN 01. Characteristics: clock stop allowed. */
	static const uint8_t pins[] = { 0x90, 0x01, 0x00, 0x83, 0x01, 0x01 };
	static const uint8_t characteristics[] = { 0x80, 0x01, 0x71 };

	if (f->fid == FID_ADF)
		tlv_put(w, 0x84, aid_span(&aid_usim));
	tlv_put(w, 0xA5, SPAN(characteristics));
	tlv_put_u8(w, 0x8A, 0x05);
	tlv_put(w, 0xC6, SPAN(pins));
}

static void elementary_put(struct wr *w, const struct chip *c, const struct file *f)
{
	static const uint8_t readable[] = { 0x01, 0x00 }; /* compact: READ always */
	uint8_t room[FILE_SIZE_MAX], size[2] = { 0 };
	struct wr content = wr_fixed(room, sizeof(room));

	content_put(&content, c, f);
	size[1] = (uint8_t)content.n;
	tlv_put_u8(w, 0x8A, 0x05);
	tlv_put(w, 0x8C, SPAN(readable));
	tlv_put(w, 0x80, SPAN(size));
	tlv_put_u8(w, 0x88, (uint8_t)(f->sfi << 3));
}

static void fcp_put(struct wr *w, const struct chip *c, const struct file *f)
{
	size_t fcp = tlv_open(w, 0x62), mark = tlv_open(w, 0x82);

	wr_u8(w, f->kind);
	wr_u8(w, 0x21);
	if (f->kind == LINEAR) {
		wr_u16(w, RECORD_SIZE);
		wr_u8(w, 0x01);
	}
	tlv_close(w, mark);
	mark = tlv_open(w, 0x83);
	wr_u16(w, f->fid);
	tlv_close(w, mark);
	if (f->kind == DEDICATED)
		dedicated_put(w, f);
	else
		elementary_put(w, c, f);
	tlv_close(w, fcp);
}

bool files_are_meant(const struct call *c)
{
	struct span wanted = c->cmd->data;

	if (c->v->chip.product != PRODUCT_UICC)
		return false;
	return c->cmd->p1 != BY_NAME ||
	       (wanted.n >= AID_MIN && span_starts(aid_span(&aid_usim), wanted));
}

/* By file identifier: the directory itself, what is in it, its siblings and its parent, MF. */
static const struct file *by_fid(uint16_t df, uint16_t fid)
{
	const struct file *at = directory(df), *f;

	if (fid == FID_MF || fid == df)
		return directory(fid);
	f = child(df, fid);
	if (f != NULL)
		return f;
	f = at == NULL ? NULL : child(at->parent, fid);
	return f != NULL && f->kind == DEDICATED ? f : NULL;
}

/* Nothing is in an elementary file. */
static const struct file *by_path(uint16_t df, struct span path)
{
	const struct file *f = directory(df);
	struct rd r = rd_of(path);
	uint16_t fid;

	while (f != NULL && rd_u16(&r, &fid))
		f = child(f->fid, fid);
	return rd_left(&r) == 0 ? f : NULL;
}

static uint16_t find(const struct call *c, const struct file **f)
{
	uint16_t df = c->ch->files ? c->ch->df : FID_MF, fid = FID_MF;
	struct rd r = rd_of(c->cmd->data);

	switch (c->cmd->p1) {
	case BY_FID:
		if (c->cmd->data.n != 0 && (c->cmd->data.n != 2 || !rd_u16(&r, &fid)))
			return SW_WRONG_LENGTH;
		*f = by_fid(df, fid);
		break;
	case PARENT:
		*f = directory(df);
		*f = *f == NULL || (*f)->parent == 0 ? NULL : directory((*f)->parent);
		break;
	case BY_NAME:
		*f = directory(FID_ADF);
		break;
	case FROM_MF:
	case FROM_DF:
		if (c->cmd->data.n == 0 || c->cmd->data.n % 2 != 0)
			return SW_WRONG_LENGTH;
		*f = by_path(c->cmd->p1 == FROM_MF ? FID_MF : df, c->cmd->data);
		break;
	default:
		return SW_WRONG_P1P2;
	}
	return *f == NULL ? SW_NOT_FOUND : SW_OK;
}

uint16_t files_select(struct call *c)
{
	uint8_t p2 = c->cmd->p2 & (uint8_t)~P2_OCCURRENCE;
	const struct file *f = NULL;
	uint16_t sw;

	if (p2 != 0x00 && p2 != P2_FCP && p2 != P2_NOTHING)
		return SW_WRONG_P1P2;
	if (c->v->chip.life_cycle == LIFE_LOCKED)
		return SW_NOT_FOUND;
	sw = find(c, &f);
	if (sw != SW_OK)
		return sw;
	mode_step(c->ch, EVENT_END, SW_OK);
	content_forget_load(c->ch);
	c->ch->personalize = (struct aid){ 0 };
	c->ch->files = true;
	c->ch->app = true;
	c->ch->selected = aid_usim;
	c->ch->df = f->kind == DEDICATED ? f->fid : f->parent;
	c->ch->ef = f->kind == DEDICATED ? 0 : f->fid;
	if (p2 != P2_NOTHING)
		fcp_put(c->out, &c->v->chip, f);
	return SW_OK;
}

static uint16_t status(struct call *c)
{
	if (c->cmd->p1 > 0x02 || (c->cmd->p2 != 0x00 && c->cmd->p2 != P2_NOTHING))
		return SW_WRONG_P1P2;
	if (c->cmd->p2 == 0x00)
		fcp_put(c->out, &c->v->chip, directory(c->ch->df));
	return SW_OK;
}

/* ---- READ BINARY, READ RECORD (11.1.3, 11.1.5) ---- */

/* The file that is selected, or that a short identifier, if any, selects. */
static uint16_t current(struct call *c, uint8_t sfi, uint8_t kind, const struct file **f)
{
	*f = c->ch->ef == 0 ? NULL : child(c->ch->df, c->ch->ef);
	if (sfi != 0) {
		*f = NULL;
		for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
			if (files[i].parent == c->ch->df && files[i].sfi == sfi)
				*f = &files[i];
		if (*f == NULL)
			return SW_NOT_FOUND;
		c->ch->ef = (*f)->fid;
	}
	if (*f == NULL)
		return SW_NO_EF;
	return (*f)->kind == kind ? SW_OK : SW_NOT_THAT_FILE;
}

/* Le 00 is for all there is; more than that gets the right number. */
static uint16_t tell(struct call *c, struct span all, size_t from)
{
	size_t left = all.n - from;
	size_t n = c->cmd->le == 0 || c->cmd->le >= LE_MAX_SHORT ? left : c->cmd->le;

	if (n > left)
		return (uint16_t)(SW_OTHER_LE | left);
	wr_put(c->out, span_sub(all, from, n));
	return SW_OK;
}

static uint16_t read_binary(struct call *c)
{
	bool by_sfi = (c->cmd->p1 & 0x80) != 0;
	size_t from = by_sfi ? c->cmd->p2 : (size_t)c->cmd->p1 << 8 | c->cmd->p2;
	uint8_t room[FILE_SIZE_MAX];
	struct wr w = wr_fixed(room, sizeof(room));
	const struct file *f;
	uint16_t sw = current(c, by_sfi ? c->cmd->p1 & 0x1F : 0, TRANSPARENT, &f);

	if (sw != SW_OK)
		return sw;
	content_put(&w, &c->v->chip, f);
	return from >= w.n ? SW_WRONG_OFFSET : tell(c, wr_span(&w), from);
}

static uint16_t read_record(struct call *c)
{
	uint8_t room[FILE_SIZE_MAX];
	struct wr w = wr_fixed(room, sizeof(room));
	const struct file *f;
	uint16_t sw;

	if ((c->cmd->p2 & 0x07) != P2_ABSOLUTE)
		return SW_WRONG_P1P2;
	sw = current(c, c->cmd->p2 >> 3, LINEAR, &f);
	if (sw != SW_OK)
		return sw;
	if (c->cmd->p1 != 1)
		return SW_NO_RECORD;
	content_put(&w, &c->v->chip, f);
	return tell(c, wr_span(&w), 0);
}

uint16_t files_command(struct call *c)
{
	bool iso = (c->cmd->cla & 0x80) == 0;

	switch (c->cmd->ins) {
	case INS_READ_BINARY:
		return iso ? read_binary(c) : SW_CLA_NOT_SUPPORTED;
	case INS_READ_RECORD:
		return iso ? read_record(c) : SW_CLA_NOT_SUPPORTED;
	case INS_STATUS:
		return iso ? SW_CLA_NOT_SUPPORTED : status(c);
	}
	return SW_INS_NOT_SUPPORTED;
}
