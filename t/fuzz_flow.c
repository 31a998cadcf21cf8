/* Lines of an answer of a switch: a flow that is taken has counters, and texts that are cells of a table as they are. */
#include "collectors/flow_text.h"
#include "t/fuzz.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(const char *text, size_t room)
{
	if (!memchr(text, '\0', room) || strpbrk(text, ",\"\n\r"))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *text = malloc(length + 1), *save = NULL;
	memcpy(text, bytes, length);
	text[length] = '\0';
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct flow f;
		int kind = flow_parse(line, &f);
		if (kind < -1 || kind > 1)
			abort();
		if (kind != 1)
			continue;
		const char *const words[] = { f.protocol, f.in_port, f.eth_src,  f.eth_dst,
			                      f.ip_src,   f.ip_dst,  f.port_src, f.port_dst };
		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
			check(words[i], FLOW_WORD_ROOM);
		check(f.actions, sizeof(f.actions));
		if (f.packets < 0 || f.bytes < 0 || f.duration_ns < 0)
			abort();
	}
	free(text);
	return 0;
}

size_t fuzz_seed(int which, unsigned char *buffer)
{
	static const char *const lines[] = {
		"NXST_FLOW reply (xid=0x4):\n",
		" cookie=0x0, duration=12.345s, table=0, n_packets=5, n_bytes=490, idle_timeout=60, idle_age=3, "
		"priority=1,udp,in_port=up0,dl_src=02:00:0a:4d:02:01,dl_dst=52:54:00:77:02:0b,nw_src=10.77.2.1,"
		"nw_dst=10.77.2.11,tp_src=40000,tp_dst=7707 actions=output:tun0\n",
		" cookie=0x0, duration=9.1s, table=0, n_packets=18446744073709551615, n_bytes=0, "
		"priority=1,in_port=\"vnet 1\" actions=drop\n",
		" cookie=0x7, duration=9223372036.999999999s, table=0, n_packets=7, n_bytes=588 actions=drop\n",
		" cookie=0x0, duration=9999999999s, table=0, n_packets=7, n_bytes=588 actions=drop\n",
		" cookie=0x0, duration=1s, table=0, n_packets=7, n_bytes=588, priority=0 "
		"actions=CONTROLLER:65535\n",
	};
	size_t used = 0;
	for (int i = 0; i <= which % 8; i++) {
		const char *line = lines[(size_t)(which + i) % (sizeof(lines) / sizeof(*lines))];
		memcpy(buffer + used, line, strlen(line));
		used += strlen(line);
	}
	return used;
}
