#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double median(double *v, size_t n)
{
	qsort(v, n, sizeof(v[0]), by_value);
	return n % 2 == 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "benchmark: %s failed\n", what);
	exit(2);
}

bool goal_line(const char *what, double ratio, enum goal g, double goal, const char *note)
{
	bool met = g == AT_LEAST ? ratio >= goal : ratio <= goal;

	printf("%-54s %7.3f  %s %5.2f  %-6s  %s\n", what, ratio, g == AT_LEAST ? ">=" : "<=", goal,
	    met ? "met" : "MISSED", note);
	fflush(stdout);
	return met;
}
