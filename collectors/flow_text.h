/*
 * flow_text.h - a line of `ovs-ofctl --names dump-flows` as a flow and its counters. Strict: a word that is not known makes
 * the line bad, and so does a number that is none, since a match that is not understood would count as another flow.
 */
#ifndef COLLECTORS_FLOW_TEXT_H
#define COLLECTORS_FLOW_TEXT_H

#include <stdint.h>

enum { FLOW_WORD_ROOM = 32 };

/* "" where the flow does not ask. */
struct flow {
	int64_t duration_ns, packets, bytes;
	uint64_t cookie;               /* 0 where the line does not say */
	int64_t priority;              /* 32768 where the line does not say */
	char protocol[FLOW_WORD_ROOM]; /* "tcp", "arp" */
	char in_port[FLOW_WORD_ROOM], eth_src[FLOW_WORD_ROOM], eth_dst[FLOW_WORD_ROOM];
	char ip_src[FLOW_WORD_ROOM], ip_dst[FLOW_WORD_ROOM], port_src[FLOW_WORD_ROOM], port_dst[FLOW_WORD_ROOM];
	char actions[64]; /* "output:tun0", cut */
};

/* 1: *ret is a flow; 0: a line without one (empty, or the head of the answer); -1: not understood. Changes the line. */
int flow_parse(char *line, struct flow *ret);

#endif
