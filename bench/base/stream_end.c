#include "bench/base/stream_end.h"

#include "bench/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void stream_end_open(struct stream_end *end, int fd, bool tcp, enum stream_sender self, uint64_t stream)
{
	const int yes = 1;
	*end = (struct stream_end){ .fd = fd, .tcp = tcp, .self = self, .stream = stream };
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (tcp)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
}

void stream_end_close(struct stream_end *end)
{
	if (end->fd >= 0)
		close(end->fd);
	end->fd = -1;
	stream_receiver_end(&end->got);
}

static void ended(struct stream_end *end, const char *why)
{
	if (!end->reason[0])
		snprintf(end->reason, sizeof(end->reason), "%s", why);
	stream_end_close(end);
}

uint32_t stream_end_retransmits(const struct stream_end *end)
{
	struct tcp_info info = { 0 };
	socklen_t room = sizeof(info);
	if (!end->tcp || end->fd < 0 || getsockopt(end->fd, IPPROTO_TCP, TCP_INFO, &info, &room) < 0)
		return STREAM_CLOSED;
	return info.tcpi_total_retrans;
}

/* What is left of a record; false: the socket has no room for all of it. */
static bool send_rest(struct stream_end *end)
{
	const unsigned char *from = end->out + STREAM_RECORD_BYTES - end->out_left;
	ssize_t sent = end->out_left ? send(end->fd, from, end->out_left, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
	if (sent < 0 && end->tcp && errno != EAGAIN && errno != EINTR && errno != ENOTCONN)
		ended(end, strerror(errno));
	if (!end->tcp)
		end->out_left = 0;
	else if (sent > 0)
		end->out_left -= (size_t)sent;
	return !end->out_left;
}

bool stream_end_send(struct stream_end *end, int64_t now_ns)
{
	struct stream_record r = { .stream = end->stream,
		                   .sender = end->self,
		                   .number = end->number,
		                   .sent_ns = now_ns,
		                   .epoch = end->self == STREAM_CLIENT ? end->epoch : end->got.receipt.epoch,
		                   .report = end->got.receipt };
	if (end->fd < 0 || !end->stream)
		return false;
	if (!send_rest(end)) {
		end->stalled++;
		return false;
	}
	if (end->number == STREAM_NUMBERS) {
		snprintf(end->reason, sizeof(end->reason),
		         "all %u numbers of records are used: nothing is sent any more", STREAM_NUMBERS);
		return false;
	}
	r.retransmits = stream_end_retransmits(end);
	stream_record_encode(&r, end->out);
	end->out_left = STREAM_RECORD_BYTES;
	end->number++;
	send_rest(end);
	return true;
}

/* Read what of a record is missing. 1: it is complete; 0: not yet; -1: ended. */
static int read_rest(struct stream_end *end)
{
	ssize_t n = recv(end->fd, end->in + end->in_used, STREAM_RECORD_BYTES - end->in_used,
	                 MSG_DONTWAIT | (end->tcp ? 0 : MSG_TRUNC));
	if (!end->tcp)
		return n == STREAM_RECORD_BYTES ? 1 : n < 0 && errno == EAGAIN ? 0 : -1;
	if (n == 0)
		ended(end, "closed by the peer");
	else if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ENOTCONN)
		ended(end, strerror(errno));
	if (end->fd < 0)
		return -1;
	end->in_used += n > 0 ? (size_t)n : 0;
	return end->in_used == STREAM_RECORD_BYTES;
}

int stream_end_take(struct stream_end *end, struct stream_record *ret)
{
	enum { STRANGERS_AT_ONCE = 64 };
	for (int i = 0; end->fd >= 0 && i < STRANGERS_AT_ONCE; i++) {
		int read = read_rest(end);
		if (read == 0)
			return 0;
		end->in_used = 0;
		bool good = read > 0 && stream_record_decode(end->in, STREAM_RECORD_BYTES, ret) == 0 &&
		            ret->sender != end->self && (!end->stream || ret->stream == end->stream);
		if (good) {
			end->stream = ret->stream;
			stream_take(&end->got, ret, clock_now_ns());
			return 1;
		}
		if (end->tcp && end->fd >= 0)
			ended(end, "bytes that are no record");
	}
	return end->tcp && end->fd < 0 ? -1 : 0;
}
