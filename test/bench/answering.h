/* Time that virtual cards of this program take for their answers: vcard_transmit, wrapped by the
 * linker, where all of them pass. */
#ifndef BENCH_ANSWERING_H
#define BENCH_ANSWERING_H

extern double answering; /* ns so far; whoever measures sets it to 0 */

#endif
