#include "analysis/nightly_write.h"

#include "analysis/json_field.h"

#include <json-c/json.h>

static void add_text(struct json_object *to, const char *key, const char *text)
{
	json_object_object_add(to, key, json_of_text(text));
}

static void add_count(struct json_object *to, const char *key, int64_t count)
{
	json_object_object_add(to, key, json_object_new_int64(count));
}

struct json_object *night_begin_json(const struct night_facts *f)
{
	struct json_object *root = json_object_new_object();
	add_count(root, "format", 1);
	add_text(root, "kind", NIGHT_KIND);
	add_text(root, "name", f->name);
	add_text(root, "config", f->config);
	add_count(root, "began_ns", f->began_ns);
	json_object_object_add(root, "ended_ns", f->ended_ns ? json_object_new_int64(f->ended_ns) : NULL);
	add_text(root, "verdict", NIGHT_RUNNING);
	add_text(root, "baseline", f->baseline);
	json_object_object_add(root, "pinned", json_object_new_boolean(f->pinned));
	json_object_object_add(root, "cases", json_object_new_array());
	json_object_object_add(root, "troubles", json_object_new_array());
	return root;
}

struct json_object *night_failed_json(const struct night_facts *f, enum night_verdict verdict, const char *why)
{
	struct json_object *root = night_begin_json(f);
	add_text(root, "verdict", night_verdict_name(verdict));
	add_count(root, "status", night_status(verdict));
	add_text(root, "why", why);
	add_count(root, "complete", 0);
	add_count(root, "failed", 0);
	add_count(root, "skipped", 0);
	return root;
}

struct json_object *night_json(const struct night_facts *f, const struct night *n, const struct comparison *c)
{
	struct json_object *root = night_failed_json(f, n->verdict, n->why), *cases = json_object_new_array();
	add_count(root, "complete", n->complete);
	add_count(root, "failed", n->failed);
	add_count(root, "skipped", n->skipped);
	for (int i = 0; i < c->case_count; i++) {
		const struct compare_case *of = &c->cases[i];
		const char *baseline = f->case_baselines ? f->case_baselines[i] : f->baseline;
		struct json_object *row = json_object_new_object();
		struct night_case one;
		night_judge_case(&one, c, i, baseline[0] != '\0');
		add_text(row, "case", of->label);
		add_text(row, "verdict", night_verdict_name(one.verdict));
		add_count(row, "complete", of->complete_count[COMPARE_NEW]);
		add_count(row, "failed", of->failed[COMPARE_NEW]);
		add_count(row, "skipped", of->skipped[COMPARE_NEW]);
		add_text(row, "why", one.why);
		add_text(row, "baseline", baseline);
		json_object_array_add(cases, row);
	}
	json_object_object_add(root, "cases", cases);
	return root;
}

void night_add_trouble(struct json_object *night, const char *text)
{
	struct json_object *list = json_array_at(night, "/troubles");
	if (list)
		json_object_array_add(list, json_of_text(text));
}
