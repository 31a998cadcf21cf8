#include "bench/experiment/progress.h"

#include "bench/base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

static struct {
	bool quiet, drawn;
	char phase[64];
	int64_t planned_ns, start_ns, last_ns;
} progress;

static bool live(void)
{
	return isatty(STDERR_FILENO);
}

void progress_quiet(bool quiet)
{
	progress.quiet = quiet;
}

void progress_end(void)
{
	if (progress.drawn)
		fprintf(stderr, "\r\033[K");
	progress.drawn = false;
}

void progress_phase(const char *name, int64_t planned_ns)
{
	snprintf(progress.phase, sizeof(progress.phase), "%s", name);
	progress.planned_ns = planned_ns;
	progress.start_ns = progress.last_ns = clock_now_ns();
	if (progress.quiet)
		return;
	progress_end();
	if (planned_ns)
		fprintf(stderr, "migmeter: %s (%.3g s)\n", name, (double)planned_ns / NS_PER_S);
	else
		fprintf(stderr, "migmeter: %s\n", name);
}

static int terminal_columns(void)
{
	struct winsize size;
	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

char *progress_cut(char *line, int columns)
{
	int used = 0;
	for (char *at = line; columns > 0 && *at; at++)
		if (((unsigned char)*at & 0xc0) != 0x80 &&
		    ++used >= columns) { /* other bytes of UTF-8 take no column */
			*at = '\0';
			break;
		}
	return line;
}

void progress_tick(const char *detail)
{
	int64_t now = clock_now_ns(), pause = live() ? NS_PER_S / 5 : 10 * NS_PER_S;
	if (progress.quiet || now - progress.last_ns < pause)
		return;
	progress.last_ns = now;
	double elapsed = (double)(now - progress.start_ns) / NS_PER_S;
	double left = (double)progress.planned_ns / NS_PER_S - elapsed;
	char line[1200], to_go[40] = "";
	if (progress.planned_ns && left > 0)
		snprintf(to_go, sizeof(to_go), ", %.0f s to go", left);
	snprintf(line, sizeof(line), "%s: %.1f s%s%s%s", progress.phase, elapsed, to_go, detail[0] ? ", " : "",
	         detail);
	if (live())
		fprintf(stderr, "\r\033[K%s", progress_cut(line, terminal_columns()));
	else
		fprintf(stderr, "migmeter: %s\n", line);
	progress.drawn = live();
	fflush(stderr);
}

void progress_note(const char *format, ...)
{
	va_list args;
	if (progress.quiet)
		return;
	progress_end();
	fputs("migmeter: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}
