#include "collectors/worker.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

int worker_start(struct worker *w, const char *name, void *(*function)(void *), void *argument, struct err *e)
{
	w->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->stop_fd < 0)
		return err_errno(e, EXIT_CANNOT, "cannot start thread '%s'", name);
	/* Signals are the main thread's; a thread inherits the mask of its maker. */
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	errno = pthread_create(&w->thread, NULL, function, argument);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (errno) {
		err_errno(e, EXIT_CANNOT, "cannot start thread '%s'", name);
		close(w->stop_fd);
		w->stop_fd = -1;
		return -1;
	}
	pthread_setname_np(w->thread, name);
	return 0;
}

int worker_sleep_until(struct worker *w, int64_t deadline_ns)
{
	struct pollfd stop = { .fd = w->stop_fd, .events = POLLIN };
	struct timespec left = clock_to_timespec(deadline_ns - clock_now_ns());
	return ppoll(&stop, 1, &left, NULL) > 0;
}

int64_t worker_next_tick(int64_t last_ns, int64_t interval_ns)
{
	int64_t late = clock_now_ns() - last_ns;
	return last_ns + interval_ns * (late < 0 ? 1 : late / interval_ns + 1);
}

int worker_stop(struct worker *w, int64_t grace_ns)
{
	eventfd_write(w->stop_fd, 1);
	/* pthread_timedjoin_np() takes wall time. */
	struct timespec end = clock_to_timespec(clock_wall_ns() + grace_ns);
	if (pthread_timedjoin_np(w->thread, NULL, &end) != 0) {
		pthread_detach(w->thread);
		return -1;
	}
	close(w->stop_fd);
	w->stop_fd = -1;
	return 0;
}
