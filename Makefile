# cardadm: build, test, install. `make help` lists the targets.
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share/cardadm
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR ?= $(PREFIX)/share/zsh/vendor-completions
FISHCOMPDIR ?= $(PREFIX)/share/fish/vendor_completions.d
DOCDIR ?= $(PREFIX)/share/doc/cardadm
VERSION := 0.1
CC ?= gcc
CFLAGS ?= -O2 -g

VARIANT := $(if $(FUZZ),fuzz,$(if $(SAN),san,$(if $(COV),coverage,$(if $(MUT),mutate,release))))
BUILD ?= build
B := $(BUILD)/$(VARIANT)
PACKAGES := libcrypto yaml-0.1 jansson sqlite3 libpcsclite libzip

# What the code needs stays apart from what a user sets in CFLAGS, CPPFLAGS, LDFLAGS.
PKG_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null)
NEED_CPPFLAGS = -D_GNU_SOURCE -DCARDADM_VERSION='"$(VERSION)"' \
	-DCARDADM_PROFILE_DIR='"$(DATADIR)/profiles"' -I. -Ilib -I$(B) -I$(B)/lib $(PKG_CFLAGS)
NEED_CFLAGS = -std=c17 -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes \
	-Wpointer-arith -Wvla -Werror -fstack-protector-strong -fPIE
NEED_LDFLAGS = -pie -Wl,-z,relro,-z,now
NEED_LIBS = $(PKG_LIBS) -lpthread
ifneq ($(FUZZ),)
override CC := clang
NEED_CFLAGS += -Wno-sign-conversion
NEED_CFLAGS += -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
NEED_LDFLAGS += -fsanitize=fuzzer,address,undefined
else ifneq ($(SAN),)
NEED_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
NEED_LDFLAGS += -fsanitize=address,undefined
else ifneq ($(MUT),)
override CFLAGS := -O1 -fPIC -w
NEED_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all
NEED_LDFLAGS += -fsanitize=address,undefined
else ifneq ($(COV),)
override CFLAGS := -O0 -g -w # what -O0 warns of differs, and the real build has said it all
NEED_CFLAGS += --coverage -fprofile-abs-path
NEED_LDFLAGS += -Wl,--wrap=_exit
NEED_LIBS += $(B)/test/coverage/flush.o
else
NEED_CPPFLAGS += -D_FORTIFY_SOURCE=2
endif
Q := $(if $(V),,@)
COMPILE = $(CC) $(NEED_CPPFLAGS) $(CPPFLAGS) $(NEED_CFLAGS) $(CFLAGS) -MMD -MP -c
LINK = $(CC) $(NEED_CFLAGS) $(CFLAGS) $(NEED_LDFLAGS) $(LDFLAGS)

LIB_SRC := $(sort $(wildcard lib/*/*.c lib/*/*/*.c))
CMD_SRC := $(sort $(wildcard cmd/*.c cmd/*/*.c))
UNIT_SRC := $(sort $(wildcard test/unit/*/*_test.c))
BENCH_SRC := $(sort $(wildcard test/bench/*_bench.c))
UNIT_HELP := $(sort $(wildcard test/unit/*.c))
FUZZ_SRC := $(sort $(wildcard test/fuzz/*_fuzz.c))
FUZZ_NAMES := $(FUZZ_SRC:test/fuzz/%_fuzz.c=%)
FUZZ_TARGETS ?= $(FUZZ_NAMES)
FUZZ_HELP := $(filter-out $(FUZZ_SRC) test/fuzz/replay.c,$(sort $(wildcard test/fuzz/*.c)))
FUZZ_BIN := $(FUZZ_NAMES:%=$(B)/fuzz/%_fuzz)
LIB_OBJ := $(LIB_SRC:%.c=$(B)/%.o)
CMD_OBJ := $(CMD_SRC:%.c=$(B)/%.o)
LIB := $(B)/lib.$(if $(MUT),so,a)
UNIT_BIN := $(UNIT_SRC:test/unit/%.c=$(B)/unit/%)
TOOL_BIN := $(patsubst test/tools/%.c,$(B)/tools/%,$(wildcard test/tools/*.c))

.PHONY: all help deps san unit tools check check-quick soak test mutate lint bench coverage man demo
.PHONY: install uninstall clean fuzz fuzz-targets fault
.DEFAULT_GOAL := all

all: $(B)/cardadm
	$(Q)cmp -s $(B)/cardadm cardadm || install $(B)/cardadm cardadm

help:
	@sed -n 's/^## //p' Makefile

## make                 build ./cardadm
## make demo            the main job on 1,000 virtual cards: progress, report, proof
## make check           every test          make check-quick   the subset under a minute
## make soak            all tests, the exhaustive ones whole; then each fuzz target for 120 s
## make test T=session  the tests of that name, or with it in their names (unit, bats, fuzz corpora)
## make san             build with address and undefined-behaviour sanitizers (SAN=1)
## make lint            formatting, static checks, shell scripts, man pages
## make fuzz            each fuzz target for FUZZ_SECONDS=120 (clang); FUZZ_TARGETS="tlv apdu"
## make bench           measured speed, as ratios
## make coverage        lines that tests reach, per file and layer
## make mutate          changes the code and says which changes no test sees; M="gp scp --count 200"
## make man             refresh the generated blocks of the man pages
## make deb             a Debian package in build/
## make install         DESTDIR= PREFIX=     make uninstall

# What is there by being defined, with no list to add it to: kinds of changes and verbs. Each table
# is looked for every time and written when it is another, in one step: several makes may be at it.
TABLES := $(B)/lib/change/kinds.inc $(B)/cmd/verbs.inc
.PHONY: FORCE
$(B)/lib/change/kinds.inc: FORCE
	$(call table,change_kind change,$(sort $(wildcard lib/change/*.c)))
$(B)/cmd/verbs.inc: FORCE
	$(call table,verb verb,$(sort $(wildcard cmd/*/*.c)))
table = $(Q)mkdir -p $(@D) && \
	sed -n 's/^const struct $(1)_\([a-z0-9_]*\) = {$$/X(\1)/p' $(2) | LC_ALL=C sort >$@.$$$$ && \
	if cmp -s $@.$$$$ $@; then rm $@.$$$$; else mv $@.$$$$ $@; fi

# Everything that is compiled waits for it.
deps:
	$(Q).ci/deps build

san:
	$(Q)$(MAKE) --no-print-directory SAN=1 all

$(B)/test/unit/%.o: NEED_CPPFLAGS += -Itest/unit
$(B)/%.o: %.c Makefile | deps $(TABLES)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC $<")
	$(Q)$(COMPILE) -o $@ $<

$(B)/lib.a: $(LIB_OBJ)
	$(Q)rm -f $@ && ar rcs $@ $^

# For test/mutate: a change in one file is linked once, not into every program. They find it by
# LD_LIBRARY_PATH.
$(B)/lib.so: $(LIB_OBJ)
	$(Q)$(CC) $(NEED_CFLAGS) -shared -Wl,-soname,lib.so -o $@ $^ $(NEED_LIBS)

$(B)/cardadm: $(CMD_OBJ) $(LIB)
	$(if $(V),,@echo "  LD $@")
	$(Q)$(LINK) -o $@ $^ $(NEED_LIBS)

$(B)/unit/%: $(B)/test/unit/%.o $(UNIT_HELP:%.c=$(B)/%.o) $(LIB)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ -lcmocka $(NEED_LIBS)

# Programs that tests use; they stand alone.
$(B)/tools/%: test/tools/%.c Makefile | deps
	@mkdir -p $(@D)
	$(Q)$(LINK) -D_GNU_SOURCE -o $@ $<

# cardadm with somebody on its line: test/attack/attack.c.
$(B)/attack/cardadm: $(B)/test/attack/attack.o $(CMD_OBJ) $(LIB)
	@mkdir -p $(@D)
	$(Q)$(LINK) -Wl,--wrap=vcard_transmit -o $@ $^ $(NEED_LIBS)

unit: $(UNIT_BIN) $(TOOL_BIN) $(B)/attack/cardadm
tools: $(TOOL_BIN) $(B)/attack/cardadm
.SECONDARY: $(UNIT_SRC:%.c=$(B)/%.o) $(UNIT_HELP:%.c=$(B)/%.o)

# Programs whose coverage is counted are linked with it; it is not counted itself.
ifneq ($(COV),)
$(B)/cardadm $(UNIT_BIN) $(FUZZ_BIN) $(TOOL_BIN): | $(B)/test/coverage/flush.o
endif

# Benchmarks may use what stands in cmd/, but for main().
BENCH_BIN := $(BENCH_SRC:test/bench/%.c=$(B)/bench/%) $(B)/bench/crypto_only
BENCH_HELP := $(patsubst %,$(B)/test/bench/%.o,measure record reader)
$(B)/bench/%_bench: $(B)/test/bench/%_bench.o $(BENCH_HELP) \
		$(filter-out $(B)/cmd/main.o,$(CMD_OBJ)) $(B)/lib.a
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(NEED_LIBS)

# Virtual cards and their hosts are those of the unit tests; the answers are timed.
$(B)/bench/container_bench $(B)/bench/trust_bench: $(B)/bench/%: $(B)/test/bench/%.o \
		$(B)/test/bench/measure.o $(B)/test/bench/answering.o $(UNIT_HELP:%.c=$(B)/%.o) $(B)/lib.a
	@mkdir -p $(@D)
	$(Q)$(LINK) -Wl,--wrap=vcard_transmit -o $@ $^ -lcmocka $(NEED_LIBS)

$(B)/bench/crypto_only: $(B)/test/bench/crypto_only.o
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $< -lcrypto

.SECONDARY: $(BENCH_SRC:%.c=$(B)/%.o) $(BENCH_HELP) $(B)/test/bench/crypto_only.o
bench: deps-check all
	$(Q)$(MAKE) --no-print-directory $(BENCH_BIN) $(TOOL_BIN)
	$(Q)B=$(B) test/bench/run

# Fuzz targets: here with replay.c, which runs them over their corpora; with FUZZ=1 with libFuzzer.
FUZZ_PARTS := $(if $(FUZZ),,$(B)/test/fuzz/replay.o) $(FUZZ_HELP:%.c=$(B)/%.o) \
	$(filter-out $(B)/cmd/main.o,$(CMD_OBJ)) $(B)/lib.a
$(B)/fuzz/%: $(B)/test/fuzz/%.o $(FUZZ_PARTS)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(NEED_LIBS)

fuzz-targets: $(FUZZ_BIN)
.SECONDARY: $(FUZZ_SRC:%.c=$(B)/%.o) $(FUZZ_HELP:%.c=$(B)/%.o) $(B)/test/fuzz/replay.o

fuzz:
	$(Q).ci/deps fuzz
	$(Q)$(MAKE) --no-print-directory FUZZ=1 fuzz-targets
	$(Q)B=$(BUILD)/fuzz test/fuzz/run $(FUZZ_TARGETS)

coverage: deps-check
	$(Q)$(MAKE) --no-print-directory COV=1 $(BUILD)/coverage/cardadm unit fuzz-targets
	$(Q)B=$(BUILD)/coverage test/coverage/run

# cardadm whose calls can be made to fail: test/fault/fault.c. Always with sanitizers.
$(B)/fault/cardadm: $(B)/test/fault/fault.o $(CMD_OBJ) $(B)/lib.a
	@mkdir -p $(@D)
	$(Q)$(LINK) $$(test/fault/wrap) -o $@ $^ $(NEED_LIBS)

fault:
	$(Q)$(MAKE) --no-print-directory SAN=1 $(BUILD)/san/fault/cardadm

# Tests are built side by side, also where make was not told to.
SIDE_BY_SIDE = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
check: deps-check
	+$(Q)$(SIDE_BY_SIDE) all unit fuzz-targets
	+$(Q)$(SIDE_BY_SIDE) fault
ifeq ($(SAN),)
	+$(Q)$(SIDE_BY_SIDE) SAN=1 unit fuzz-targets $(BUILD)/san/cardadm
endif
	$(Q)B=$(B) SAN=$(SAN) test/run all

check-quick: deps-check
	+$(Q)$(SIDE_BY_SIDE) all unit fuzz-targets
	$(Q)B=$(B) SAN=$(SAN) test/run quick

test: deps-check
	+$(Q)needs=$$(B=$(B) test/run needs "$(T)") && $(SIDE_BY_SIDE) $$needs
	$(Q)B=$(B) SAN=$(SAN) test/run "$(T)"

soak:
	$(Q)SOAK=1 $(MAKE) --no-print-directory check
	$(Q)$(MAKE) --no-print-directory fuzz

mutate: deps-check
	$(Q)nice test/mutate/run $(M)

.PHONY: deps-check
deps-check:
	$(Q).ci/deps check

C_FILES := $(sort $(wildcard lib/*/*.[ch] lib/*/*/*.[ch] cmd/*.[ch] cmd/*/*.[ch] test/*/*.[ch] test/unit/*/*.c))
SHELL_FILES := $(sort .ci/run .ci/deps .ci/deb test/run test/bench/run test/coverage/run test/fuzz/run \
	test/fault/wrap examples/demo \
	$(filter-out %.yaml,$(wildcard examples/third-parties/* examples/trust/*)) $(wildcard test/cli/*.bash test/cli/*/*.bats))

lint: deps-check
	clang-format --dry-run -Werror $(C_FILES)
	shellcheck -x -e SC2154,SC2001,SC2015,SC2030,SC2031,SC1091 $(SHELL_FILES)
	for p in man/*.[1-9]; do mandoc -Tlint -Wwarning "$$p" || exit 1; done

## The demo keeps to embedded parts: no reader, no daemon, no network.
demo: all
	$(Q)CARDADM=$(CURDIR)/cardadm examples/demo

# The blocks come from the verb table; pages stay readable in the tree, so that installing needs no
# program that runs here.
man: all
	$(Q)CARDADM=./cardadm man/refresh man/cardadm-*.1

MAN_PAGES := $(sort $(wildcard man/*.1))
MAN_OVERVIEWS := $(sort $(wildcard man/*.7))
PROFILES := $(sort $(wildcard lib/profile/data/*.yaml))
install: all
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man7 $(DESTDIR)$(DATADIR)/profiles
	install -d $(DESTDIR)$(BASHCOMPDIR) $(DESTDIR)$(ZSHCOMPDIR) $(DESTDIR)$(FISHCOMPDIR) $(DESTDIR)$(DOCDIR)
	install -m 755 cardadm $(DESTDIR)$(BINDIR)/cardadm
	install -m 644 $(MAN_PAGES) $(DESTDIR)$(MANDIR)/man1/
	install -m 644 $(MAN_OVERVIEWS) $(DESTDIR)$(MANDIR)/man7/
	install -m 644 $(PROFILES) $(DESTDIR)$(DATADIR)/profiles/
	install -m 644 completions/cardadm.bash $(DESTDIR)$(BASHCOMPDIR)/cardadm
	install -m 644 completions/_cardadm $(DESTDIR)$(ZSHCOMPDIR)/_cardadm
	install -m 644 completions/cardadm.fish $(DESTDIR)$(FISHCOMPDIR)/cardadm.fish
	cp -R examples $(DESTDIR)$(DOCDIR)/

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/cardadm $(DESTDIR)$(BASHCOMPDIR)/cardadm
	rm -f $(DESTDIR)$(ZSHCOMPDIR)/_cardadm $(DESTDIR)$(FISHCOMPDIR)/cardadm.fish
	rm -f $(addprefix $(DESTDIR)$(MANDIR)/man1/,$(notdir $(MAN_PAGES)))
	rm -f $(addprefix $(DESTDIR)$(MANDIR)/man7/,$(notdir $(MAN_OVERVIEWS)))
	rm -f $(addprefix $(DESTDIR)$(DATADIR)/profiles/,$(notdir $(PROFILES)))
	rm -f $(addprefix $(DESTDIR)$(DOCDIR)/,$(shell find examples -type f))
	-rmdir $(DESTDIR)$(DATADIR)/profiles $(DESTDIR)$(DATADIR)
	-rmdir $(DESTDIR)$(DOCDIR)/examples/* $(DESTDIR)$(DOCDIR)/examples $(DESTDIR)$(DOCDIR)

# A Debian package of what `make install PREFIX=/usr` installs: build/cardadm_VERSION_ARCH.deb
deb: deps-check all
	$(Q)VERSION=$(VERSION) .ci/deb $(BUILD)

clean:
	rm -rf $(BUILD) cardadm

-include $(patsubst %.c,$(B)/%.d,$(LIB_SRC) $(CMD_SRC) $(UNIT_SRC) $(UNIT_HELP) $(wildcard test/bench/*.c) \
	$(wildcard test/fuzz/*.c test/fault/*.c))
