#include "trust_vectors.h"

static json_t *file;

int trust_open_vectors(void **state)
{
	(void)state;
	file = unit_json("test/vectors/trust.json");
	return 0;
}

int trust_close_vectors(void **state)
{
	(void)state;
	json_decref(file);
	return 0;
}

const json_t *trust_case(const char *name)
{
	const json_t *cases = json_object_get(file, "cases");

	for (size_t i = 0; i < json_array_size(cases); i++)
		if (strcmp(unit_str(json_array_get(cases, i), "name"), name) == 0)
			return json_array_get(cases, i);
	fail_msg("no case %s", name);
	return NULL;
}

const json_t *trust_step(const json_t *of, const char *list, const char *what)
{
	const json_t *steps = json_object_get(of, list);

	for (size_t i = 0; i < json_array_size(steps); i++)
		if (strcmp(unit_str(json_array_get(steps, i), "what"), what) == 0)
			return json_array_get(steps, i);
	fail_msg("no %s", what);
	return NULL;
}
