#include "bench/base/data.h"

#include "bench/base/err.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whether base/below/name is there; its path then. */
static int found(const char *base, const char *below, const char *name, char *buffer, size_t room)
{
	char path[2 * PATH_MAX], whole[PATH_MAX];
	int length = snprintf(path, sizeof(path), "%s/%s/%s", base, below, name);
	if (length >= (int)sizeof(path) || !realpath(path, whole) || strlen(whole) >= room)
		return 0;
	strcpy(buffer, whole);
	return 1;
}

int data_path(const char *name, char *buffer, size_t room, struct err *e)
{
	static const char *const places[] = { "../share/migmeter", ".", "..", "../.." };
	char executable[PATH_MAX];
	const char *set = getenv("MIGMETER_DATADIR");
	if (set && *set) {
		if (found(set, ".", name, buffer, room))
			return 0;
		return err_set(e, EXIT_CANNOT, "no '%s' in '%s', where MIGMETER_DATADIR points", name, set);
	}
	ssize_t length = readlink("/proc/self/exe", executable, sizeof(executable) - 1);
	executable[length > 0 ? length : 0] = '\0';
	char *slash = strrchr(executable, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (found(executable, places[i], name, buffer, room))
			return 0;
	return err_set(e, EXIT_CANNOT, "no '%s' near '%s': set MIGMETER_DATADIR to the directory that holds it", name,
	               executable);
}
