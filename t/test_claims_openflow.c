/* Studies of migration between LANs, made as the claims have it and contrary to them. */
#include "t/claimed.h"

int main(void)
{
	const struct CMUnitTest tests[] = { IN_SCRATCH(test_lans) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
