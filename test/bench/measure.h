/*
 * What all benchmarks share: the clock, the median, and the line of the table. Everything measured
 * is a ratio of two ways to do the same thing that took turns in the same run; times stand beside
 * it for information only.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>

enum goal { AT_LEAST, AT_MOST };

double now(void);                     /* ns, monotonic */
double median(double *v, size_t n);   /* sorts v */
void need(bool ok, const char *what); /* ends the program with status 2 when something broke */
/* Prints one line of the table; true: the goal is met. note: what the ratio was made of. */
bool goal_line(const char *what, double ratio, enum goal g, double goal, const char *note);

#endif
