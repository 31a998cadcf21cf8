#include "reports/study_warnings.h"

#include "reports/html.h"
#include "reports/study_view.h"

#include <ctype.h>
#include <json-c/json.h>
#include <string.h>

enum { WARNINGS = 24, NAMED = 5 };

struct warning {
	char key[256];    /* the text without its numbers */
	const char *text; /* of the first run */
	int runs, last;   /* how many have it; the last of them */
	int named[NAMED]; /* the first ones */
	bool varies;      /* in numbers */
};

struct warnings {
	const struct study_view *v;
	struct warning list[WARNINGS];
	int count;
};

/* "vm1 was 62 % busy" and "vm2 was 9 % busy" are one: "vm# was # % busy". */
static void key_of(const char *text, char *buffer, size_t room)
{
	size_t used = 0;
	for (; *text && used + 1 < room; text++) {
		if (isdigit((unsigned char)*text) || (*text == '.' && isdigit((unsigned char)text[1]))) {
			if (!used || buffer[used - 1] != '#')
				buffer[used++] = '#';
		} else {
			buffer[used++] = *text;
		}
	}
	buffer[used] = '\0';
}

static void add(struct warnings *w, int run, const char *text)
{
	char key[sizeof(w->list[0].key)];
	int i = 0;
	key_of(text, key, sizeof(key));
	while (i < w->count && strcmp(w->list[i].key, key) != 0)
		i++;
	if (i == WARNINGS)
		return;
	struct warning *one = &w->list[i];
	if (i == w->count) {
		*one = (struct warning){ .text = text, .last = -1 };
		memcpy(one->key, key, sizeof(key));
		w->count++;
	}
	one->varies |= strcmp(one->text, text) != 0;
	if (one->last == run)
		return;
	if (one->runs < NAMED)
		one->named[one->runs] = run;
	one->runs++;
	one->last = run;
}

static void add_each(struct warnings *w, int run, struct json_object *list)
{
	int count = json_object_is_type(list, json_type_array) ? (int)json_object_array_length(list) : 0;
	for (int i = 0; i < count; i++)
		add(w, run, json_object_get_string(json_object_array_get_idx(list, (size_t)i)));
}

static void collect(struct warnings *w, int run)
{
	const struct run_data *data = &w->v->runs[run];
	struct json_object *steady = json_at(data->manifest, "warmup.steady");
	if (strcmp(json_text(data->manifest, "accelerator"), "tcg") == 0)
		add(w, run, "the guests' processors were emulated (TCG)");
	add_each(w, run, json_at(data->manifest, "link.flags"));
	add_each(w, run, json_at(data->metrics, "warnings"));
	if (json_object_is_type(steady, json_type_boolean) && !json_object_get_boolean(steady))
		add(w, run, "work rates were not steady at the end of warm-up");
}

static const char *folder_of(const struct run_data *run)
{
	const char *slash = strrchr(run->directory, '/');
	return slash ? slash + 1 : run->directory;
}

static void put_one(FILE *out, const struct study_view *v, const struct warning *one)
{
	fputs("<li>", out);
	if (one->runs == v->complete)
		fputs(one->runs == 1 ? "the one complete run" : "all complete runs", out);
	else
		html_textf(out, "%d of %d complete runs", one->runs, v->complete);
	html_textf(out, "%s: %s", one->varies ? ", for example" : "", one->text);
	for (int i = 0; one->runs < v->complete && i < one->runs && i < NAMED; i++) {
		fputs(i ? ", " : " <small>(", out);
		html_text(out, folder_of(&v->runs[one->named[i]]));
	}
	if (one->runs < v->complete && one->runs > NAMED)
		html_textf(out, " and %d more", one->runs - NAMED);
	fprintf(out, "%s</li>\n", one->runs < v->complete ? ")</small>" : "");
}

void study_warnings_put(FILE *out, const struct study_view *v)
{
	struct warnings w = { .v = v };
	for (int i = 0; i < v->count; i++)
		if (strcmp(v->runs[i].status, "complete") == 0)
			collect(&w, i);
	if (!w.count)
		return;
	fputs("<section class=\"warnings\">\n<strong>Before you trust the numbers</strong>\n<ul>\n", out);
	for (int i = 0; i < w.count; i++)
		put_one(out, v, &w.list[i]);
	fputs("</ul>\n</section>\n", out);
}
