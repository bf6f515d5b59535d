/* What each kind of change is asked: the structs that the fields fill, and for who shows results
 * what the kinds keep of one card. */
#ifndef CHANGE_KINDS_H
#define CHANGE_KINDS_H

#include "change/removal.h"

/* delete; work: struct removals. */
struct delete
{
	struct field_aids aid;
	bool related;
	struct field_file token;
};

/* lock and unlock; one of the three. No work. */
struct lock {
	struct aid aid, domain;
	bool card;
};

/* store-data. objects: of the file, on the outer level; 0 with raw. */
enum { STORE_DATA_MAX = 1 << 16 };
struct store_data {
	struct field_file file;
	struct field_choice format;
	bool encrypted;
	struct aid application;
	size_t objects;
};
extern const char *const store_data_formats[];

#endif
