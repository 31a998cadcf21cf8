#include "collectors/netlink.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* As long as the kernel makes them for a reader that has asked for no more (32 KiB). */
union room {
	struct nlmsghdr header;
	char bytes[32 * 1024];
};

/* How much came, or a negative errno. */
static ssize_t receive(int fd, union room *room, int flags)
{
	ssize_t n;
	do
		n = recv(fd, room, sizeof(*room), flags | MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n > (ssize_t)sizeof(*room) ? -EMSGSIZE : n;
}

/* Whether it is the last of a request's answers; *ret_error is then what the kernel says. */
static bool is_last(struct nlmsghdr *h, int *ret_error)
{
	*ret_error = 0;
	if (h->nlmsg_type == NLMSG_ERROR)
		*ret_error = h->nlmsg_len >= NLMSG_LENGTH(sizeof(struct nlmsgerr))
		                     ? ((struct nlmsgerr *)NLMSG_DATA(h))->error
		                     : -EBADMSG;
	return h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR;
}

int netlink_ask(int fd, struct nlmsghdr *request, netlink_answer_fn *handle, void *context)
{
	static _Thread_local uint32_t sequence;
	union room answer;
	int error;
	request->nlmsg_seq = ++sequence;
	request->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	if (send(fd, request, request->nlmsg_len, 0) < 0)
		return -errno;
	for (;;) {
		ssize_t n = receive(fd, &answer, 0);
		if (n < 0)
			return (int)n;
		unsigned left = (unsigned)n;
		for (struct nlmsghdr *h = &answer.header; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
			if (h->nlmsg_seq != sequence)
				continue; /* of a request that was given up */
			if (is_last(h, &error))
				return error;
			handle(context, h);
		}
	}
}

int netlink_take(int fd, netlink_answer_fn *handle, void *context)
{
	union room message;
	ssize_t n;
	while ((n = receive(fd, &message, MSG_DONTWAIT)) > 0) {
		unsigned left = (unsigned)n;
		for (struct nlmsghdr *h = &message.header; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left))
			handle(context, h);
	}
	return n == 0 || n == -EAGAIN ? 0 : (int)n;
}
