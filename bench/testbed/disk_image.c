#include "bench/testbed/disk_image.h"

#include "bench/base/data.h"
#include "bench/base/err.h"

#include <stdio.h>

int disk_image_path(const char *name, char *buffer, size_t room, struct err *e)
{
	char file[96];
	snprintf(file, sizeof(file), "guest/images/%s.img", name);
	if (data_path(file, buffer, room, NULL) < 0)
		return err_set(e, EXIT_CANNOT, "the disk image '%s' is not made: run 'make images'", name);
	return 0;
}
