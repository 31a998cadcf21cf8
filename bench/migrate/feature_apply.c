/* Features asked for and read back: flags and parameters for libvirt, globals for QEMU. Declared in feature.h. */
#include "bench/migrate/feature.h"

#include "bench/base/err.h"
#include "bench/base/quantity.h"
#include "bench/migrate/hypervisor.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const void *member_of(const struct feature *f, const struct feature_set *set)
{
	return (const char *)set + f->option->offset;
}

static int64_t scaled(int64_t value, int64_t unit)
{
	return unit ? value / unit : value;
}

/* Asked of libvirt, not past it. */
static bool by_libvirt(const struct feature *f, unsigned long libvirt_version)
{
	return f->libvirt_since && libvirt_version >= f->libvirt_since;
}

static int param_add(const struct feature *f, const struct feature_set *set, virTypedParameterPtr *params, int *count,
                     int *room)
{
	int64_t value = scaled(feature_value(f->option, set), f->param_unit);
	switch (f->param_type) {
	case VIR_TYPED_PARAM_STRING:
		return virTypedParamsAddString(params, count, room, f->param, member_of(f, set));
	case VIR_TYPED_PARAM_ULLONG:
		return virTypedParamsAddULLong(params, count, room, f->param, (unsigned long long)value);
	default:
		return virTypedParamsAddInt(params, count, room, f->param, (int)value);
	}
}

int feature_apply(const struct feature_set *set, unsigned long libvirt_version, unsigned int *flags,
                  virTypedParameterPtr *params, int *count, int *room, struct err *e)
{
	char name[32];
	for (const struct feature *f = features; f->key; f++) {
		if (!feature_is_asked(f, set) || !by_libvirt(f, libvirt_version))
			continue;
		*flags |= f->flag;
		if (f->option->type == OPTION_CHOICE)
			*flags |= f->choice_flags[*(const int *)member_of(f, set)];
		if (f->param && param_add(f, set, params, count, room) < 0)
			return hypervisor_error(e, "cannot ask for migration.%s", f->key);
		const char *method = f->method;
		if (method && *method == '*')
			method = option_choice_name(f->option, *(const int *)member_of(f, set), name, sizeof(name));
		if (method && virTypedParamsAddString(params, count, room, VIR_MIGRATE_PARAM_COMPRESSION, method) < 0)
			return hypervisor_error(e, "cannot ask for migration.%s", f->key);
	}
	return 0;
}

static int global_add(char (*globals)[64], int *count, int room, const char *name, const char *value, struct err *e)
{
	char text[64];
	snprintf(text, sizeof(text), "migration.%s%s%s", name, value ? "=" : "", value ? value : "");
	for (int i = 0; i < *count; i++)
		if (strcmp(globals[i], text) == 0)
			return 0;
	if (*count >= room)
		return err_set(e, EXIT_USAGE, "too many migration features that libvirt has no key for");
	memcpy(globals[(*count)++], text, sizeof(text));
	return 0;
}

int feature_globals(const struct feature_set *set, unsigned long libvirt_version, char (*globals)[64], int *count,
                    int room, struct err *e)
{
	char value[32];
	for (const struct feature *f = features; f->key; f++) {
		if (!feature_is_asked(f, set) || !f->global || by_libvirt(f, libvirt_version))
			continue;
		if (f->option->type == OPTION_BOOLEAN)
			snprintf(value, sizeof(value), "on");
		else if (f->option->type == OPTION_CHOICE)
			option_choice_name(f->option, *(const int *)member_of(f, set), value, sizeof(value));
		else
			snprintf(value, sizeof(value), "%" PRId64,
			         scaled(feature_value(f->option, set), f->global_unit));
		if ((f->global_also && global_add(globals, count, room, f->global_also, NULL, e) < 0) ||
		    global_add(globals, count, room, f->global, value, e) < 0)
			return -1;
	}
	return 0;
}

struct json_object *feature_asked(const struct feature_set *set)
{
	struct json_object *asked = json_object_new_object();
	char text[OPTION_STRING_ROOM];
	for (const struct feature *f = features; f->key; f++)
		if (feature_is_asked(f, set))
			json_object_object_add(
				asked, f->key,
				json_object_new_string(option_get(f->option, set, text, sizeof(text))));
	return asked;
}

static bool capability_on(struct json_object *features_on, const char *name)
{
	struct json_object *list;
	if (!json_object_object_get_ex(features_on, "capabilities", &list))
		return false;
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), name) == 0)
			return true;
	return false;
}

/* As it was asked for. */
struct asked {
	const char *key;
	enum option_type type;
	char text[OPTION_STRING_ROOM];
	int64_t number;
};

static bool is_asked(const struct feature *f, const struct feature_set *set, const struct feature_also *also,
                     struct asked *ret)
{
	const struct option_row *row = f->option ? f->option : f->also;
	const void *from = f->option ? (const void *)set : also;
	*ret = (struct asked){ .key = row->name, .type = row->type, .number = feature_value(row, from) };
	if (row->type == OPTION_SIZE)
		size_format(ret->number, ret->text, sizeof(ret->text));
	else if (row->type == OPTION_DURATION)
		duration_format(ret->number, ret->text, sizeof(ret->text));
	else
		option_get(row, from, ret->text, sizeof(ret->text));
	return ret->number != 0;
}

/* Whether QEMU's value is what was asked, in the coarser of the units it went through. */
static bool value_kept(const struct feature *f, const struct asked *asked, struct json_object *value)
{
	switch (asked->type) {
	case OPTION_BOOLEAN: /* a name, such as of the TLS credentials: any */
		return *json_object_get_string(value) != '\0';
	case OPTION_STRING:
	case OPTION_CHOICE:
		return strcmp(json_object_get_string(value), asked->text) == 0;
	default:
		break;
	}
	int64_t unit = f->param_unit > f->parameter_unit ? f->param_unit : f->parameter_unit;
	int64_t is = json_object_get_int64(value) * (f->parameter_unit ? f->parameter_unit : 1);
	return scaled(is, unit) == scaled(asked->number, unit);
}

static struct json_object *row_kept(const struct feature *f, const struct asked *asked,
                                    struct json_object *features_on, struct json_object *completed)
{
	struct json_object *row = json_object_new_object(), *parameters, *value = NULL;
	json_object_object_add(row, "asked", json_object_new_string(asked->text));
	bool kept = !f->capability || capability_on(features_on, f->capability);
	const char *on = f->capability ? kept ? "yes" : "no" : "missing";
	if (f->parameter && json_object_object_get_ex(features_on, "parameters", &parameters) &&
	    json_object_object_get_ex(parameters, f->parameter, &value)) {
		kept = kept && value_kept(f, asked, value);
		on = json_object_get_string(value);
	}
	bool readable = features_on && (f->capability || value);
	if (f->job && json_object_object_get_ex(completed, f->job, &value) && json_object_get_int64(value) > 0) {
		on = json_object_get_string(value);
		readable = true;
	}
	json_object_object_add(row, "on", json_object_new_string(readable ? on : "missing"));
	if (readable)
		json_object_object_add(row, "kept", json_object_new_boolean(kept));
	return row;
}

struct json_object *feature_kept(const struct feature_set *set, const struct feature_also *also,
                                 struct json_object *features_on, struct json_object *completed)
{
	struct json_object *all = json_object_new_object();
	struct asked asked;
	for (const struct feature *f = features; f->key; f++)
		if (is_asked(f, set, also, &asked))
			json_object_object_add(all, asked.key, row_kept(f, &asked, features_on, completed));
	return all;
}

struct json_object *feature_past_libvirt(const struct feature_set *set, unsigned long libvirt_version)
{
	struct json_object *keys = json_object_new_array();
	for (const struct feature *f = features; f->key; f++)
		if (feature_is_asked(f, set) && f->global && !by_libvirt(f, libvirt_version))
			json_object_array_add(keys, json_object_new_string(f->key));
	return keys;
}
