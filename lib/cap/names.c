#include "cap/cap.h"

/* The order that the virtual machine specification asks for; it is not that of the tags. */
const uint8_t cap_load_order[] = { CAP_HEADER, CAP_DIRECTORY, CAP_IMPORT, CAP_APPLET, CAP_CLASS,
	CAP_METHOD, CAP_STATIC_FIELD, CAP_EXPORT, CAP_CONSTANT_POOL, CAP_REF_LOCATION,
	CAP_STATIC_RESOURCES, CAP_DESCRIPTOR, 0 };

const char *cap_component_name(uint8_t tag)
{
	static const char *const names[CAP_TAGS] = {
		[CAP_HEADER] = "Header",
		[CAP_DIRECTORY] = "Directory",
		[CAP_APPLET] = "Applet",
		[CAP_IMPORT] = "Import",
		[CAP_CONSTANT_POOL] = "ConstantPool",
		[CAP_CLASS] = "Class",
		[CAP_METHOD] = "Method",
		[CAP_STATIC_FIELD] = "StaticField",
		[CAP_REF_LOCATION] = "RefLocation",
		[CAP_EXPORT] = "Export",
		[CAP_DESCRIPTOR] = "Descriptor",
		[CAP_DEBUG] = "Debug",
		[CAP_STATIC_RESOURCES] = "StaticResources",
	};

	return tag > 0 && tag < CAP_TAGS ? names[tag] : "?";
}

const char *cap_package_str(struct span aid)
{
	static const struct {
		uint8_t n, aid[16];
		const char *name;
	} known[] = {
		{ 7, { 0xA0, 0, 0, 0, 0x62, 0x00, 0x01 }, "java.lang" },
		{ 7, { 0xA0, 0, 0, 0, 0x62, 0x00, 0x02 }, "java.io" },
		{ 7, { 0xA0, 0, 0, 0, 0x62, 0x00, 0x03 }, "java.rmi" },
		{ 7, { 0xA0, 0, 0, 0, 0x62, 0x01, 0x01 }, "javacard.framework" },
		{ 8, { 0xA0, 0, 0, 0, 0x62, 0x01, 0x01, 0x01 }, "javacard.framework.service" },
		{ 7, { 0xA0, 0, 0, 0, 0x62, 0x01, 0x02 }, "javacard.security" },
		{ 7, { 0xA0, 0, 0, 0, 0x62, 0x02, 0x01 }, "javacardx.crypto" },
		{ 7, { 0xA0, 0, 0, 0, 0x62, 0x02, 0x02 }, "javacardx.biometry" },
		{ 7, { 0xA0, 0, 0, 0, 0x62, 0x02, 0x03 }, "javacardx.external" },
		{ 7, { 0xA0, 0, 0, 0, 0x62, 0x02, 0x05 }, "javacardx.framework.util" },
		{ 8, { 0xA0, 0, 0, 0, 0x62, 0x02, 0x08, 0x01 }, "javacardx.framework.math" },
		{ 8, { 0xA0, 0, 0, 0, 0x62, 0x02, 0x08, 0x02 }, "javacardx.framework.string" },
		{ 7, { 0xA0, 0, 0, 0, 0x62, 0x02, 0x09 }, "javacardx.apdu" },
		{ 6, { 0xA0, 0, 0, 0x01, 0x51, 0x00 }, "org.globalplatform" },
		{ 7, { 0xA0, 0, 0, 0, 0x03, 0x00, 0x00 }, "visa.openplatform" },
		{ 16,
		    { 0xA0, 0, 0, 0, 0x09, 0x00, 0x03, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x10, 0x71,
			0x00, 0x01 },
		    "uicc.access" },
		{ 16,
		    { 0xA0, 0, 0, 0, 0x09, 0x00, 0x03, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x10, 0x71,
			0x00, 0x02 },
		    "uicc.toolkit" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (span_eq(aid, span_of(known[i].aid, known[i].n)))
			return known[i].name;
	return NULL;
}
