/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PLUGIN_EXTRA_FILE_H
#define PROBE_PLUGIN_EXTRA_FILE_H

#include "probe/arena.h"

/*
 * Where --extra-opts without a file looks, as the Monitoring Plugins do: the file that
 * the environment variable MP_CONFIG_FILE names; in each directory of
 * NAGIOS_CONFIG_PATH (divided by colons) monitoring-plugins.ini, plugins.ini and
 * nagios-plugins.ini; then
 *
 *     /usr/local/etc/monitoring-plugins/monitoring-plugins.ini
 *     /usr/local/etc/monitoring-plugins.ini
 *     /etc/monitoring-plugins/monitoring-plugins.ini
 *     /etc/monitoring-plugins.ini
 *     /etc/nagios/plugins.ini
 *     /usr/local/nagios/etc/plugins.ini
 *     /usr/local/etc/nagios/plugins.ini
 *     /etc/opt/nagios/plugins.ini
 *     /etc/nagios-plugins.ini
 *     /usr/local/etc/nagios-plugins.ini
 *     /etc/opt/nagios-plugins.ini
 *
 * The first that exists is the one. NULL with a sentence when there is none.
 */
const char *extra_file_find(struct arena *arena, struct error *err);

#endif
