/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/link_setup.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "probe/address.h"

/*
 * libcurl's receive buffer is the longest line of a reply that it can see whole;
 * RFC 5321 section 4.5.3.1.5 allows 512 bytes.
 */
enum { BUFFER_SIZE = 4096, PATIENCE_S = 60 };

/* One handle being set up. */
struct setting {
	struct link_setup *out;
	CURL *easy;
	const struct link_route *route;
	bool one_shot;
};

static bool build_url(struct setting *setting)
{
	const struct target_settings *set = &setting->route->target->set;
	bool is_v6 = strchr(set->server_name, ':') != NULL;
	char host[HOST_NAME_MAX_LEN + 3], port[8], path[300];

	snprintf(host, sizeof(host), is_v6 ? "[%s]" : "%s", set->server_name);
	snprintf(port, sizeof(port), "%d", set->port);
	snprintf(path, sizeof(path), "/%s", setting->route->ehlo_name);
	setting->out->url = curl_url();
	return setting->out->url &&
	       !curl_url_set(setting->out->url, CURLUPART_SCHEME,
	                     set->tls == TLS_IMPLICIT ? "smtps" : "smtp", 0) &&
	       !curl_url_set(setting->out->url, CURLUPART_HOST, host, 0) &&
	       !curl_url_set(setting->out->url, CURLUPART_PORT, port, 0) &&
	       !curl_url_set(setting->out->url, CURLUPART_PATH, path, CURLU_URLENCODE);
}

/*
 * The numeric address is given to libcurl as the place to connect to, while the
 * URL keeps the name: SNI and verification need it, and no resolver thread starts.
 */
static bool set_destination(struct setting *setting)
{
	const struct target_settings *set = &setting->route->target->set;
	char endpoint[ADDRESS_TEXT_MAX], entry[HOST_NAME_MAX_LEN + 16];

	if (setting->route->target->is_unix_socket)
		return !curl_easy_setopt(setting->easy, CURLOPT_UNIX_SOCKET_PATH,
		                         set->host);
	if (setting->route->address)
		address_print_endpoint(endpoint, sizeof(endpoint),
		                       setting->route->address, set->port);
	snprintf(entry, sizeof(entry), "::%s",
	         setting->route->address ? endpoint : setting->route->target->address);
	setting->out->connect_to = curl_slist_append(NULL, entry);
	return setting->out->connect_to &&
	       !curl_easy_setopt(setting->easy, CURLOPT_CONNECT_TO,
	                         setting->out->connect_to);
}

static bool set_proxy(struct setting *setting)
{
	const struct sockaddr_storage *via = setting->route->via;
	char address[ADDRESS_TEXT_MAX], host[ADDRESS_TEXT_MAX + 2], *url = NULL;
	CURLU *parts;
	bool done;

	if (!via) /* an empty proxy keeps libcurl from asking the environment */
		return !curl_easy_setopt(setting->easy, CURLOPT_PROXY, "");
	address_print(address, sizeof(address), via);
	snprintf(host, sizeof(host), via->ss_family == AF_INET6 ? "[%s]" : "%s",
	         address);
	parts = curl_url();
	done = parts &&
	       !curl_url_set(parts, CURLUPART_URL, setting->route->target->set.via,
	                     CURLU_NON_SUPPORT_SCHEME) &&
	       !curl_url_set(parts, CURLUPART_HOST, host, 0) &&
	       !curl_url_get(parts, CURLUPART_URL, &url, 0) &&
	       !curl_easy_setopt(setting->easy, CURLOPT_PROXY, url) &&
	       !curl_easy_setopt(setting->easy, CURLOPT_NOPROXY, "") &&
	       !curl_easy_setopt(setting->easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
	curl_free(url);
	curl_url_cleanup(parts);
	return done;
}

/*
 * With its default CA directory libcurl does not cache the authorities and reads
 * 140 files a probe: a bundle alone is cached for all connections of the loop, the
 * directory alone loads the one that is needed.
 */
static void set_authorities(struct setting *setting)
{
	const struct target_settings *set = &setting->route->target->set;
	const curl_version_info_data *built = curl_version_info(CURLVERSION_NOW);
	const char *file = set->ca_file, *dir = set->ca_dir;

	if (!file && !dir) {
		bool use_dir = setting->one_shot ? built->capath != NULL
		                                 : built->cainfo == NULL;

		file = use_dir ? NULL : built->cainfo;
		dir = use_dir ? built->capath : NULL;
	}
	curl_easy_setopt(setting->easy, CURLOPT_CAINFO, file);
	curl_easy_setopt(setting->easy, CURLOPT_CAPATH, dir);
}

static const long tls_minimums[] = {
	[TLS_VERSION_DEFAULT] = CURL_SSLVERSION_DEFAULT,
	[TLS_VERSION_1_2] = CURL_SSLVERSION_TLSv1_2,
	[TLS_VERSION_1_3] = CURL_SSLVERSION_TLSv1_3,
};

static void set_tls(struct setting *setting)
{
	const struct target_settings *set = &setting->route->target->set;
	CURL *easy = setting->easy;

	set_authorities(setting);
	curl_easy_setopt(easy, CURLOPT_USE_SSL,
	                 set->tls == TLS_NONE ? CURLUSESSL_NONE : CURLUSESSL_ALL);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, tls_minimums[set->tls_min]);
	/* The name is judged in the verify callback, apart from trust and dates. */
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
	curl_easy_setopt(easy, CURLOPT_SSLCERT, set->client_certificate);
	curl_easy_setopt(easy, CURLOPT_SSLKEY, set->client_key);
}

static void set_connection(struct setting *setting)
{
	const struct target_settings *set = &setting->route->target->set;
	CURL *easy = setting->easy;
	/* Its own clocks must not run out before ours. */
	long patience = (long)(set->timeout / USEC_PER_SEC) + PATIENCE_S;

	curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BUFFER_SIZE);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, patience);
	curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, patience);
	curl_easy_setopt(easy, CURLOPT_INTERFACE, set->source_address);
}

bool link_setup_apply(struct link_setup *out, void *easy,
                      const struct link_route *route, bool one_shot)
{
	struct setting setting = { out, easy, route, one_shot };

	*out = (struct link_setup){ 0 };
	set_connection(&setting);
	set_tls(&setting);
	return build_url(&setting) &&
	       !curl_easy_setopt(setting.easy, CURLOPT_CURLU, out->url) &&
	       set_destination(&setting) && set_proxy(&setting);
}

void link_setup_release(struct link_setup *setup)
{
	curl_slist_free_all(setup->connect_to);
	curl_url_cleanup(setup->url);
}
