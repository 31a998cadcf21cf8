#include "workloads/settings.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "migmeter."

void guest_settings_init(struct guest_settings *s)
{
	memset(s, 0, sizeof(*s));
	s->interval_ns = 10 * NS_PER_MS;
	s->heartbeat_ns = 50 * NS_PER_MS;
}

void guest_settings_free(struct guest_settings *s)
{
	for (int i = 0; i < s->workload_count; i++)
		free(s->options[i]);
	s->workload_count = 0;
}

static int number_set(const char *text, int base, uint64_t minimum, uint64_t maximum, uint64_t *ret, struct err *e)
{
	char *end;
	errno = 0;
	unsigned long long number = isxdigit((unsigned char)text[0]) ? strtoull(text, &end, base) : (end = NULL, 0);
	if (!end || *end || errno || number < minimum || number > maximum)
		return err_set(e, EXIT_USAGE, "'%s' is not a number in range", text);
	*ret = number;
	return 0;
}

static int address_set(const char *text, uint32_t *ret, struct err *e)
{
	struct in_addr a;
	if (inet_pton(AF_INET, text, &a) != 1)
		return err_set(e, EXIT_USAGE, "'%s' is not an IPv4 address", text);
	*ret = ntohl(a.s_addr);
	return 0;
}

static int nic_set(const char *text, struct guest_nic *ret, struct err *e)
{
	struct guest_nic nic = { 0 };
	unsigned int m[6];
	char address[16], end;
	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x,%15[0-9.]/%2d%c", &m[0], &m[1], &m[2], &m[3], &m[4], &m[5], address,
	           &nic.prefix, &end) != 8 ||
	    nic.prefix < 1 || nic.prefix > 32)
		return err_set(e, EXIT_USAGE, "'%s' is not MAC,ADDRESS/PREFIX", text);
	for (int i = 0; i < 6; i++)
		nic.mac[i] = (unsigned char)m[i];
	if (address_set(address, &nic.address, e) < 0)
		return -1;
	*ret = nic;
	return 0;
}

static int workloads_set(struct guest_settings *s, const char *text, struct err *e)
{
	char names[256], *rest = names, *name;
	if (s->workload_count)
		return err_set(e, EXIT_USAGE, "given twice");
	snprintf(names, sizeof(names), "%s", text);
	while ((name = strsep(&rest, "+"))) {
		const struct workload_ops *ops = workload_find(name, e);
		if (!ops)
			return -1;
		if (s->workload_count == WORKLOADS_PER_GUEST)
			return err_set(e, EXIT_USAGE, "more than %d workloads", WORKLOADS_PER_GUEST);
		for (int i = 0; i < s->workload_count; i++)
			if (s->workload[i] == ops)
				return err_set(e, EXIT_USAGE, "'%s' is named twice", name);
		void *options = workload_options_new(ops, e);
		if (!options)
			return -1;
		s->workload[s->workload_count] = ops;
		s->options[s->workload_count++] = options;
	}
	return 0;
}

static int workload_option_set(struct guest_settings *s, const char *key, const char *dot, const char *value,
                               struct err *e)
{
	for (int i = 0; i < s->workload_count; i++) {
		const char *name = s->workload[i]->name;
		if (strlen(name) == (size_t)(dot - key) && strncmp(name, key, strlen(name)) == 0)
			return option_set(s->workload[i]->options, s->options[i], dot + 1, value, e);
	}
	return err_set(e, EXIT_USAGE, "no workload '%.*s' runs in this guest", (int)(dot - key), key);
}

static int key_set(struct guest_settings *s, const char *key, const char *value, struct err *e)
{
	static const char *const keys[] = { "run",  "vm",       "interval", "heartbeat", "mgmt",     "data",
		                            "head", "headdata", "fill",     "empty",     "workload", "probe" };
	const char *dot = strchr(key, '.');
	uint64_t number = 0;
	int result;
	if (dot)
		return workload_option_set(s, key, dot, value, e);
	if (strcmp(key, "run") == 0)
		return number_set(value, 16, 0, UINT64_MAX, &s->run_id, e);
	if (strcmp(key, "vm") == 0) {
		result = number_set(value, 10, 0, UINT16_MAX, &number, e);
		s->vm = (uint16_t)number;
		return result;
	}
	if (strcmp(key, "interval") == 0 || strcmp(key, "heartbeat") == 0) {
		result = number_set(value, 10, SAMPLE_INTERVAL_MIN_NS, SAMPLE_INTERVAL_MAX_NS, &number, e);
		if (result == 0)
			*(key[0] == 'i' ? &s->interval_ns : &s->heartbeat_ns) = (int64_t)number;
		return result;
	}
	if (strcmp(key, "probe") == 0) {
		result = number_set(value, 10, 0, 1, &number, e);
		s->probe = number;
		return result;
	}
	if (strcmp(key, "empty") == 0) {
		result = number_set(value, 10, 0, INT64_MAX, &number, e);
		if (result == 0)
			s->empty_bytes = (int64_t)number;
		return result;
	}
	if (strcmp(key, "mgmt") == 0)
		return nic_set(value, &s->management, e);
	if (strcmp(key, "data") == 0)
		return nic_set(value, &s->data, e);
	if (strcmp(key, "head") == 0)
		return address_set(value, &s->head_address, e);
	if (strcmp(key, "headdata") == 0)
		return address_set(value, &s->head_data_address, e);
	if (strcmp(key, "workload") == 0)
		return workloads_set(s, value, e);
	if (strcmp(key, "fill") == 0) {
		if (strcmp(value, "none") != 0 && strcmp(value, "random") != 0)
			return err_set(e, EXIT_USAGE, "'%s' is not one of none|random", value);
		s->fill_random = value[0] == 'r';
		return 0;
	}
	const char *near = nearest_name(key, keys, sizeof(keys) / sizeof(*keys));
	return err_set(e, EXIT_USAGE, "unknown%s%s%s", near ? ", did you mean '" : "", near ? near : "",
	               near ? "'?" : "");
}

int guest_settings_set(struct guest_settings *s, const char *key, const char *value, struct err *e)
{
	return key_set(s, key, value, e) < 0 ? err_prefix(e, "guest setting '%s'", key) : 0;
}

/* "%20" to " ", in place. */
static void percent_decode(char *text)
{
	unsigned int code;
	char *to = text;
	while (*text) {
		if (sscanf(text, "%%%2x", &code) == 1 && isxdigit((unsigned char)text[1]) &&
		    isxdigit((unsigned char)text[2])) {
			*to++ = (char)code;
			text += 3;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

/* Set the words that have (dotted) or do not have a workload's name in them. */
static int words_set(struct guest_settings *s, const char *command_line, bool dotted, struct err *e)
{
	int result = 0;
	char *copy = strdup(command_line), *save = NULL;
	if (!copy)
		return err_errno(e, EXIT_CANNOT, "command line");
	for (char *word = strtok_r(copy, " \t\n", &save); word; word = strtok_r(NULL, " \t\n", &save)) {
		struct err trouble = { 0 };
		char *equals = strchr(word, '=');
		if (strncmp(word, PREFIX, strlen(PREFIX)) != 0)
			continue;
		char *key = word + strlen(PREFIX);
		if (equals) {
			*equals++ = '\0';
			percent_decode(equals);
		}
		if ((strchr(key, '.') != NULL) != dotted)
			continue;
		if (!equals)
			err_set(&trouble, EXIT_USAGE, "guest setting '%s' has no value", key);
		else if (guest_settings_set(s, key, equals, &trouble) == 0)
			continue;
		if (result == 0 && e)
			*e = trouble;
		result = -1;
	}
	free(copy);
	return result;
}

int guest_settings_parse(struct guest_settings *s, const char *command_line, struct err *e)
{
	struct err later;
	if (words_set(s, command_line, false, e) < 0) {
		words_set(s, command_line, true, &later);
		return -1;
	}
	return words_set(s, command_line, true, e);
}

int guest_settings_check(const struct guest_settings *s, struct err *e)
{
	if (!s->run_id)
		return err_set(e, EXIT_USAGE, "guest setting 'run' is missing");
	if (!s->head_address)
		return err_set(e, EXIT_USAGE, "guest setting 'head' is missing");
	if (!s->workload_count)
		return err_set(e, EXIT_USAGE, "guest setting 'workload' is missing");
	for (int i = 0; i < s->workload_count; i++)
		if (workload_check(s->workload[i], s->options[i], e) < 0)
			return -1;
	return 0;
}

struct text {
	char *buffer;
	size_t room, used; /* used >= room: it did not fit */
};

static void character_add(struct text *t, char c)
{
	if (t->used + 1 < t->room) {
		t->buffer[t->used] = c;
		t->buffer[t->used + 1] = '\0';
	}
	t->used++;
}

static void string_add(struct text *t, const char *string)
{
	for (; *string; string++)
		character_add(t, *string);
}

static bool plain(unsigned char c)
{
	return isgraph(c) && c != '"' && c != '\'' && c != '%';
}

/* Append "migmeter.KEY=VALUE". */
static void word_add(struct text *t, const char *key, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void word_add(struct text *t, const char *key, const char *format, ...)
{
	char value[OPTION_STRING_ROOM], code[4];
	va_list args;
	va_start(args, format);
	vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	string_add(t, t->used ? " " PREFIX : PREFIX);
	string_add(t, key);
	character_add(t, '=');
	for (const char *c = value; *c; c++) {
		snprintf(code, sizeof(code), plain((unsigned char)*c) ? "%c" : "%%%02x", (unsigned char)*c);
		string_add(t, code);
	}
}

static void address_format(uint32_t address, char buffer[INET_ADDRSTRLEN])
{
	struct in_addr a = { htonl(address) };
	inet_ntop(AF_INET, &a, buffer, INET_ADDRSTRLEN);
}

static void address_add(struct text *t, const char *key, uint32_t address)
{
	char text[INET_ADDRSTRLEN];
	address_format(address, text);
	if (address)
		word_add(t, key, "%s", text);
}

static void nic_add(struct text *t, const char *key, const struct guest_nic *n)
{
	const unsigned char *m = n->mac;
	char address[INET_ADDRSTRLEN];
	address_format(n->address, address);
	if (n->address)
		word_add(t, key, "%02x:%02x:%02x:%02x:%02x:%02x,%s/%d", m[0], m[1], m[2], m[3], m[4], m[5], address,
		         n->prefix);
}

static int workload_options_add(struct text *t, const struct workload_ops *ops, const void *options, struct err *e)
{
	char value[OPTION_STRING_ROOM], initial[OPTION_STRING_ROOM], key[80];
	void *defaults = workload_options_new(ops, e);
	if (!defaults)
		return -1;
	for (const struct option_row *row = ops->options; row->name; row++) {
		option_get(row, options, value, sizeof(value));
		option_get(row, defaults, initial, sizeof(initial));
		snprintf(key, sizeof(key), "%s.%s", ops->name, row->name);
		if (strcmp(value, initial) != 0)
			word_add(t, key, "%s", value);
	}
	free(defaults);
	return 0;
}

int guest_settings_format(const struct guest_settings *s, char *buffer, size_t room, struct err *e)
{
	struct text t = { buffer, room, 0 };
	word_add(&t, "run", "%016" PRIx64, s->run_id);
	word_add(&t, "vm", "%u", s->vm);
	word_add(&t, "interval", "%" PRId64, s->interval_ns);
	word_add(&t, "heartbeat", "%" PRId64, s->heartbeat_ns);
	nic_add(&t, "mgmt", &s->management);
	nic_add(&t, "data", &s->data);
	address_add(&t, "head", s->head_address);
	address_add(&t, "headdata", s->head_data_address);
	word_add(&t, "fill", "%s", s->fill_random ? "random" : "none");
	if (s->empty_bytes)
		word_add(&t, "empty", "%" PRId64, s->empty_bytes);
	if (s->probe)
		word_add(&t, "probe", "1");
	for (int i = 0; i < s->workload_count; i++) {
		if (i == 0)
			string_add(&t, " " PREFIX "workload=");
		else
			character_add(&t, '+');
		string_add(&t, s->workload[i]->name);
	}
	for (int i = 0; i < s->workload_count; i++)
		if (workload_options_add(&t, s->workload[i], s->options[i], e) < 0)
			return -1;
	if (t.used >= room)
		return err_set(e, EXIT_USAGE, "settings of the guest take %zu bytes, its command line has %zu",
		               t.used, room - 1);
	return 0;
}
