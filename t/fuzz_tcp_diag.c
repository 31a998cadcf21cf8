/* Whatever the kernel is said to have sent: a socket that is taken is a row that can be read again. */
#include "collectors/tcp_diag.h"
#include "t/fuzz.h"
#include "t/made_diag.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct tcp_socket s;
	char row[1024];
	int commas = 0;
	/* A copy of its own, so that a read past the end is seen. */
	unsigned char *copy = malloc(length ? length : 1);
	memcpy(copy, bytes, length);
	if (tcp_diag_parse(copy, length, &s) == 0) {
		for (int i = 0; i < TCP_VALUES; i++)
			if (s.values[i] < TCP_UNTOLD || s.values[i] >= INT64_C(1) << 62)
				abort();
		tcp_diag_format(&s, row, sizeof(row));
		for (const char *c = row; *c; c++) {
			commas += *c == ',';
			if (*c <= ' ' || *c >= 0x7f || *c == '"')
				abort();
		}
		if (commas != 3 + TCP_VALUES || strlen(row) == sizeof(row) - 1)
			abort();
	}
	free(copy);
	return 0;
}

size_t fuzz_seed(int which, unsigned char *buffer)
{
	const struct tcp_info info = made_info();
	int family = which % 2 ? AF_INET6 : AF_INET;
	if (which % 3 == 0)
		return made_attribute(buffer, made_socket(buffer, family), INET_DIAG_INFO, &info,
		                      sizeof(info) - (size_t)(which % 64));
	return made_whole(buffer, family);
}
