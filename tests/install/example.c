/* SPDX-License-Identifier: Apache-2.0 */
/* One login from a program of your own: example HOST PORT USER PASSWORD-FILE CA-FILE */
#include <curl/curl.h>
#include <signal.h>
#include <smtp_probe.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	struct smtp_probe_settings settings = { .timeout = 10 };
	struct smtp_probe_target *target;
	struct smtp_probe_result *result;
	struct smtp_probe_error error;
	bool success;

	if (argc != 6)
		return EXIT_FAILURE;
	settings.host = argv[1];
	settings.port = (int)strtol(argv[2], NULL, 10);
	settings.user = argv[3];
	settings.password_file = argv[4];
	settings.ca_file = argv[5];
	curl_global_init(CURL_GLOBAL_DEFAULT);
	signal(SIGPIPE, SIG_IGN);
	target = smtp_probe_target_create(&settings, &error);
	result = target ? smtp_probe_once(target, &error) : NULL;
	if (!result) {
		fprintf(stderr, "%s\n", error.text);
		return EXIT_FAILURE;
	}
	success = smtp_probe_success(result);
	printf("%s/%s after %.3f s: %s\n", smtp_probe_cause(result),
	       smtp_probe_reason(result), smtp_probe_duration(result),
	       smtp_probe_advice(result, 0));
	smtp_probe_result_release(result);
	smtp_probe_target_release(target);
	curl_global_cleanup();
	return success ? EXIT_SUCCESS : EXIT_FAILURE;
}
