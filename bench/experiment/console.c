#include "bench/experiment/console.h"

#include <stdio.h>
#include <string.h>

char *console_line(const char *run_directory, const char *vm, int otherwise_last, char *buffer, size_t room)
{
	char path[700], line[300];
	buffer[0] = '\0';
	snprintf(path, sizeof(path), "%s/console-%s.log", run_directory, vm);
	FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		int panic = strstr(line, "Kernel panic") != NULL;
		line[strcspn(line, "\r\n")] = '\0';
		if (panic || (otherwise_last && strspn(line, " ") != strlen(line)))
			snprintf(buffer, room, "%s", line);
		if (panic)
			break;
	}
	if (f)
		fclose(f);
	return buffer;
}
