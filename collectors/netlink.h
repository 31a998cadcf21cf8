/*
 * netlink.h - one request to the kernel over a netlink socket, and its answers.
 */
#ifndef COLLECTORS_NETLINK_H
#define COLLECTORS_NETLINK_H

#include <linux/netlink.h>

/* An answer; its length is within what came. */
typedef void netlink_answer_fn(void *context, struct nlmsghdr *answer);

/*
 * Send the request (its sequence number and NLM_F_REQUEST | NLM_F_ACK are put in) and give the answers to `handle` until
 * the kernel says that it is done. Answers to requests that were given up are passed over. Returns 0, or a negative
 * errno: the kernel's, that of the socket, or -EMSGSIZE for an answer too long to be taken.
 */
int netlink_ask(int fd, struct nlmsghdr *request, netlink_answer_fn *handle, void *context);

/* Give `handle` the messages that are waiting, without asking for any. Returns 0, or a negative errno. */
int netlink_take(int fd, netlink_answer_fn *handle, void *context);

#endif
