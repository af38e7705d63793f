/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/kerberos.h"

#include <gssapi/gssapi.h>
#include <stdio.h>

static void copy_text(struct error *reason, OM_uint32 code, int type)
{
	gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
	OM_uint32 minor, rest = 0;

	gss_display_status(&minor, code, type, GSS_C_NO_OID, &rest, &text);
	if (text.length)
		error_set(reason, "no Kerberos login: %.*s", (int)text.length,
		          (const char *)text.value);
	gss_release_buffer(&minor, &text);
}

static gss_name_t import_name(const char *service, const char *host)
{
	char text[512];
	gss_buffer_desc buffer = { 0, text };
	gss_name_t name = GSS_C_NO_NAME;
	OM_uint32 minor;
	int len = snprintf(text, sizeof(text), "%s@%s", service, host);

	if (len < 0 || (size_t)len >= sizeof(text))
		return GSS_C_NO_NAME;
	buffer.length = (size_t)len;
	gss_import_name(&minor, &buffer, GSS_C_NT_HOSTBASED_SERVICE, &name);
	return name;
}

void kerberos_explain_refusal(struct error *reason, const char *service,
                              const char *host)
{
	gss_name_t name = import_name(service, host);
	gss_ctx_id_t context = GSS_C_NO_CONTEXT;
	gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
	OM_uint32 major, minor, ignored;

	if (name == GSS_C_NO_NAME)
		return;
	major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &context, name,
	                             GSS_C_NO_OID, GSS_C_MUTUAL_FLAG, 0,
	                             GSS_C_NO_CHANNEL_BINDINGS, GSS_C_NO_BUFFER, NULL,
	                             &token, NULL, NULL);
	if (GSS_ERROR(major))
		copy_text(reason, minor ? minor : major,
		          minor ? GSS_C_MECH_CODE : GSS_C_GSS_CODE);
	gss_release_buffer(&ignored, &token);
	if (context != GSS_C_NO_CONTEXT)
		gss_delete_sec_context(&ignored, &context, GSS_C_NO_BUFFER);
	gss_release_name(&ignored, &name);
}
