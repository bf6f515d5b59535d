/*
 * The list of verbs, in the order in which help shows them. Expanded by verbs.c. Whoever lands a
 * verb adds its line: look, channel, content, authority, campaign, keys, virtual.
 */
#define VERBS(X)
