#include "analysis/output.h"

#include "analysis/series_read.h"
#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

int output_open(struct output *out, const char *directory, const char *name, struct err *e)
{
	snprintf(out->path, sizeof(out->path), "%s/%s", directory, name);
	snprintf(out->temporary, sizeof(out->temporary), "%s.new", out->path);
	int fd = open(out->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	out->file = fd < 0 ? NULL : fdopen(fd, "w");
	if (out->file)
		return 0;
	err_errno(e, EXIT_CANNOT, "cannot create '%s'", out->temporary);
	if (fd >= 0)
		close(fd);
	return -1;
}

int output_close(struct output *out, int result, struct err *e)
{
	if (result == 0 && (fflush(out->file) != 0 || ferror(out->file) || fsync(fileno(out->file)) < 0))
		result = err_errno(e, EXIT_CANNOT, "cannot write '%s'", out->path);
	fclose(out->file);
	if (result == 0 && rename(out->temporary, out->path) < 0)
		result = err_errno(e, EXIT_CANNOT, "cannot put '%s' in place", out->path);
	if (result < 0)
		unlink(out->temporary);
	return result;
}

void output_text(FILE *file, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, file);
		return;
	}
	putc('"', file);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', file);
		putc(*text == '\n' || *text == '\r' ? ' ' : *text, file);
	}
	putc('"', file);
}

void output_number(FILE *file, double value)
{
	if (isnan(value))
		fputs(",missing", file);
	else
		fprintf(file, ",%.15g", value);
}

void output_time(FILE *file, int64_t head_ns, int64_t origin_ns)
{
	if (head_ns == MISSING)
		fputs(",missing", file);
	else
		fprintf(file, ",%.6f", (double)(head_ns - origin_ns) / NS_PER_S);
}

void output_ms(FILE *file, int64_t ns)
{
	if (ns == MISSING)
		fputs(",missing", file);
	else
		fprintf(file, ",%.3f", (double)ns / NS_PER_MS);
}
