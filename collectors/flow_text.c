#include "collectors/flow_text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* What a field may hold goes into names that become cells of a table. */
static bool plain(const char *text)
{
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr(".:/_-", *text))
			return false;
	return true;
}

/* "12345" */
static bool count_parse(const char *text, int64_t *ret)
{
	int64_t value = 0;
	if (!*text)
		return false;
	for (; *text; text++) {
		if (!isdigit((unsigned char)*text) || value > (INT64_MAX - 9) / 10)
			return false;
		value = 10 * value + (*text - '0');
	}
	*ret = value;
	return true;
}

/* "0x1a2b" */
static bool cookie_parse(const char *text, uint64_t *ret)
{
	size_t digits = strncmp(text, "0x", 2) == 0 ? strspn(text + 2, "0123456789abcdef") : 0;
	if (digits < 1 || digits > 16 || text[2 + digits])
		return false;
	*ret = strtoull(text, NULL, 16);
	return true;
}

/* "12.345s" */
static bool duration_parse(const char *text, int64_t *ret_ns)
{
	const int64_t whole_max = INT64_MAX / 1000000000 - 1; /* 292 years; with a part of a second, too */
	int64_t whole = 0, part = 0, unit = 1000000000;
	bool digits = false;
	for (; isdigit((unsigned char)*text); text++, digits = true) {
		whole = 10 * whole + (*text - '0');
		if (whole > whole_max)
			return false;
	}
	if (*text == '.')
		for (text++; isdigit((unsigned char)*text) && unit > 1; text++) {
			unit /= 10;
			part += unit * (*text - '0');
		}
	if (!digits || strcmp(text, "s") != 0)
		return false;
	*ret_ns = whole * INT64_C(1000000000) + part;
	return true;
}

static bool word_copy(char *value, char *into, size_t room)
{
	size_t length = strlen(value);
	if (length > 1 && value[0] == '"' && value[length - 1] == '"') {
		value[length - 1] = '\0';
		value++;
	}
	if (!*value || strlen(value) >= room || !plain(value))
		return false;
	memcpy(into, value, strlen(value) + 1);
	return true;
}

/* NAME=VALUE, or a protocol. */
static bool field_take(char *field, struct flow *f)
{
	static const struct {
		const char *name;
		size_t offset;
	} words[] = {
		{ "in_port", offsetof(struct flow, in_port) },    { "dl_src", offsetof(struct flow, eth_src) },
		{ "dl_dst", offsetof(struct flow, eth_dst) },     { "nw_src", offsetof(struct flow, ip_src) },
		{ "nw_dst", offsetof(struct flow, ip_dst) },      { "arp_spa", offsetof(struct flow, ip_src) },
		{ "arp_tpa", offsetof(struct flow, ip_dst) },     { "ipv6_src", offsetof(struct flow, ip_src) },
		{ "ipv6_dst", offsetof(struct flow, ip_dst) },    { "tp_src", offsetof(struct flow, port_src) },
		{ "tp_dst", offsetof(struct flow, port_dst) },    { "icmp_type", offsetof(struct flow, port_src) },
		{ "icmp_code", offsetof(struct flow, port_dst) }, { "dl_type", offsetof(struct flow, protocol) },
	};
	static const struct {
		const char *name;
		size_t offset;
	} counts[] = {
		{ "n_packets", offsetof(struct flow, packets) },
		{ "n_bytes", offsetof(struct flow, bytes) },
		{ "priority", offsetof(struct flow, priority) },
	};
	static const char *const protocols[] = { "ip",   "arp",  "rarp", "tcp",  "udp",   "icmp",
		                                 "sctp", "ipv6", "tcp6", "udp6", "icmp6", "sctp6" };
	static const char *const unused[] = { "table",          "idle_timeout",  "hard_timeout",  "idle_age",
		                              "hard_age",       "importance",    "reset_counts",  "no_packet_counts",
		                              "no_byte_counts", "send_flow_rem", "check_overlap", "nw_proto" };
	char *value = strchr(field, '=');
	if (value)
		*value++ = '\0';
	for (size_t i = 0; !value && i < sizeof(protocols) / sizeof(*protocols); i++)
		if (strcmp(field, protocols[i]) == 0)
			return word_copy(field, f->protocol, sizeof(f->protocol));
	for (size_t i = 0; i < sizeof(unused) / sizeof(*unused); i++)
		if (strcmp(field, unused[i]) == 0)
			return true;
	if (!value)
		return false;
	if (strcmp(field, "cookie") == 0)
		return cookie_parse(value, &f->cookie);
	if (strcmp(field, "duration") == 0)
		return duration_parse(value, &f->duration_ns);
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		if (strcmp(field, counts[i].name) == 0)
			return count_parse(value, (int64_t *)(void *)((char *)f + counts[i].offset));
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(field, words[i].name) == 0)
			return word_copy(value, (char *)f + words[i].offset, FLOW_WORD_ROOM);
	return false;
}

/* "output:\"tun0\"" without the quotes, "drop", several of them with blanks for commas. */
static bool actions_copy(const char *text, char *into, size_t room)
{
	size_t used = 0;
	for (; *text && used + 1 < room; text++)
		if (*text != '"')
			into[used++] = *text == ',' ? ' ' : *text;
	into[used] = '\0';
	for (size_t i = 0; i < used; i++)
		if (into[i] != ' ' && !isalnum((unsigned char)into[i]) && !strchr(".:/_-()[]=>", into[i]))
			return false;
	return used > 0;
}

int flow_parse(char *line, struct flow *ret)
{
	struct flow f = { .packets = -1, .bytes = -1, .priority = 32768 };
	static const char heads[2][12] = { "NXST_FLOW ", "OFPST_FLOW " };
	char *save = NULL;
	line += strspn(line, " ");
	if (!*line || strncmp(line, heads[0], strlen(heads[0])) == 0 ||
	    strncmp(line, heads[1], strlen(heads[1])) == 0)
		return 0;
	char *actions = strstr(line, " actions=");
	if (!actions)
		return -1;
	*actions = '\0';
	if (!actions_copy(actions + strlen(" actions="), f.actions, sizeof(f.actions)))
		return -1;
	for (char *field = strtok_r(line, ", ", &save); field; field = strtok_r(NULL, ", ", &save))
		if (!field_take(field, &f))
			return -1;
	if (f.packets < 0 || f.bytes < 0)
		return -1;
	*ret = f;
	return 1;
}
