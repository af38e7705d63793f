/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/extra_file.h"

#include <stdlib.h>
#include <unistd.h>

static const char *const names[] = { "monitoring-plugins.ini", "plugins.ini",
	                             "nagios-plugins.ini" };

static const char *const places[] = {
	"/usr/local/etc/monitoring-plugins/monitoring-plugins.ini",
	"/usr/local/etc/monitoring-plugins.ini",
	"/etc/monitoring-plugins/monitoring-plugins.ini",
	"/etc/monitoring-plugins.ini",
	"/etc/nagios/plugins.ini",
	"/usr/local/nagios/etc/plugins.ini",
	"/usr/local/etc/nagios/plugins.ini",
	"/etc/opt/nagios/plugins.ini",
	"/etc/nagios-plugins.ini",
	"/usr/local/etc/nagios-plugins.ini",
	"/etc/opt/nagios-plugins.ini",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static const char *find_in_directories(const char *directories, struct arena *arena)
{
	struct str rest = str_of(directories), directory;

	while (str_take_word(&directory, &rest, ":")) {
		for (size_t i = 0; i < COUNT(names); i++) {
			const char *path =
				arena_print(arena, "%.*s/%s", (int)directory.len,
			                    directory.at, names[i]);

			if (exists(path))
				return path;
		}
	}
	return NULL;
}

const char *extra_file_find(struct arena *arena, struct error *err)
{
	const char *named = secure_getenv("MP_CONFIG_FILE"), *found;

	if (named)
		return named;
	found = find_in_directories(secure_getenv("NAGIOS_CONFIG_PATH"), arena);
	for (size_t i = 0; !found && i < COUNT(places); i++)
		if (exists(places[i]))
			found = places[i];
	if (!found)
		error_set(err, "--extra-opts: no monitoring-plugins.ini in the usual "
		               "places");
	return found;
}
