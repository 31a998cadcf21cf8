/*
 * web_pages.h - the pages of a bank that a web session visits, in order, and what each answer must hold.
 *
 * This is the contract with the bank in the guest (bench/testbed/images/web/bank.py). Texts have %u for the user, %p for who
 * is paid, %a for the amount, %r for the reference of the payment. User and reference are the visit's own, so that an answer
 * that was mixed up with another session's, or that lost the payment, is found out.
 */
#ifndef COLLECTORS_WEB_PAGES_H
#define COLLECTORS_WEB_PAGES_H

#include <stddef.h>
#include <stdint.h>

struct web_page {
	const char *name, *path;
	const char *form;     /* posted; NULL: the page is got */
	const char *expected; /* somewhere in the answer */
};

enum { WEB_PAGES = 5, WEB_TEXT_ROOM = 160 };
extern const struct web_page web_pages[WEB_PAGES];

/* One way through the pages, from log in to log out. */
struct web_visit {
	int session;    /* of its VM, from 0 */
	int sessions;   /* of its VM at most */
	int64_t number; /* of the session's visits, from 0 */
};

/* Write a text of web_pages for this visit; returns buffer. */
char *web_text(const char *text, const struct web_visit *visit, char *buffer, size_t room);

#endif
