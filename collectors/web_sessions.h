/*
 * web_sessions.h - the web session generator, a load on the head that keeps its own books.
 *
 * It loads each VM that has a schedule (struct watched_vm.sessions, web_schedule.h) with so many closed sessions
 * (web_session.h), over the data network, and writes for each of them:
 *
 *	responses-VM.csv   intended_ns,begin_ns,end_ns,session,page,status,bytes,class,reason
 *		a row a response, in the order in which they ended. Head time: when the request was to be sent, when it was, when
 *		its answer was complete or given up. status of HTTP, 0: none came. class good, tolerable or failed, by
 *		end - intended; reason why it failed ("late", "status 500", ...), else empty
 *	web-VM.csv         head_ns,sessions,in_flight,good,tolerable,failed,longest_ns
 *		a row a second, and one at the end: sessions that are open and that wait for a response at head_ns, and of the
 *		responses that ended since the row before how many were of each class, and the longest latency (0: none)
 *
 * What is still waiting at the end has failed when it is late already ("unfinished"); the others are of no class, and counted
 * in the facts.
 */
#ifndef COLLECTORS_WEB_SESSIONS_H
#define COLLECTORS_WEB_SESSIONS_H

#include "collectors/web_session.h"

/* Schedules begin now; before that nothing is sent. state of web_sessions_collector, NULL: nothing to begin. */
void web_sessions_begin(void *state);

#endif
