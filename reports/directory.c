#include "bench/base/err.h"
#include "reports/report.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int has_scripts(const char *directory)
{
	char path[2 * PATH_MAX];
	snprintf(path, sizeof(path), "%s/style.gp", directory);
	return access(path, R_OK) == 0;
}

const char *reports_directory(struct err *e)
{
	static char found[PATH_MAX + 64];
	static const char *const places[] = { "/../share/migmeter", "/..", "/../.." };
	char executable[PATH_MAX];
	const char *set = getenv("MIGMETER_DATADIR");
	if (set && *set) {
		snprintf(found, sizeof(found), "%s/reports", set);
		if (has_scripts(found))
			return found;
		err_set(e, EXIT_CANNOT,
		        "no plot scripts in '%s': set MIGMETER_DATADIR to the directory that holds reports/", found);
		return NULL;
	}
	ssize_t length = readlink("/proc/self/exe", executable, sizeof(executable) - 1);
	executable[length > 0 ? length : 0] = '\0';
	char *slash = strrchr(executable, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		snprintf(found, sizeof(found), "%s%s/reports", executable, places[i]);
		if (has_scripts(found))
			return found;
	}
	err_set(e, EXIT_CANNOT,
	        "no plot scripts near '%s': set MIGMETER_DATADIR to the directory that holds reports/", executable);
	return NULL;
}
