#include "reports/directory.h"

#include "bench/base/data.h"

#include <limits.h>
#include <string.h>

const char *reports_directory(struct err *e)
{
	static char directory[PATH_MAX];
	if (data_path("reports/style.gp", directory, sizeof(directory), e) < 0)
		return NULL;
	*strrchr(directory, '/') = '\0';
	return directory;
}
