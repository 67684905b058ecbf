# The two main commands are `make demo` and `make test`. Each does its own set-up.
.DEFAULT_GOAL := help
export DAYPASS_PEERS ?= $(CURDIR)/.peers

.PHONY: help demo test test-kubernetes faults fuzz lint bench build sidecar test-sidecar docs test-long test-dist dist mint

help: ## List these commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: ## Run the whole flow on this machine, with a real AWS emulator
	@tests/peers/install.sh demo
	@cargo build --quiet
	@tests/peers/demo.sh

# Most tests wait for a server or a timer: on two processors two at a time use a third of them.
test: export RUST_TEST_THREADS ?= $(shell n=$$(nproc); echo $$((n < 4 ? 4 : n)))
test: ## Run everything: lints, unit tests, tests against real peers
	@# One waits for the network, the other for the processor: together they take as long as the longer one.
	@tests/peers/install.sh all & peers=$$!; cargo clippy --quiet --all-targets -- -D warnings; linted=$$?; wait $$peers && exit $$linted
	@$(MAKE) --no-print-directory lint
	cargo test --all-targets
	@tests/peers/demo.sh >/dev/null && echo "the demo ran to its end"
	@if [ -s "$(DAYPASS_PEERS)/missing" ]; then echo "NOT ALL RAN: some peers are missing, so their tests were skipped"; cat "$(DAYPASS_PEERS)/missing"; \
	  else echo "all ran: every peer is installed"; fi

test-long: ## Build the release files twice, compare them and test them; too slow to run for each change
	@tests/peers/install.sh dist
	tests/dist/twice.sh target/twice
	@$(MAKE) --no-print-directory test-dist DIST=target/twice/first.out

test-kubernetes: ## Test injection against a real API server, which is built once; DAYPASS_KUBECONFIG names a cluster of 1.29 or newer
	@tests/peers/install.sh kubernetes
	DAYPASS_PEERS_REQUIRED=1 cargo test --test it kubernetes:: -- --ignored --nocapture

FAULTS_PROFILE ?= release
faults: ## Run the long tests of floods, full tables, stops and broken disks, and print their figures (FAULTS_PROFILE=dev: a debug build)
	cargo test --profile $(FAULTS_PROFILE) --test it faults:: -- --ignored --nocapture --test-threads=1
	cargo test --profile $(FAULTS_PROFILE) --lib faults_ -- --ignored --nocapture --test-threads=1

lint: ## Check the format, clippy, and the dependencies' licences, sources and bans
	@tests/peers/install.sh lint
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	@if [ -x "$(DAYPASS_PEERS)/bin/cargo-deny" ]; then "$(DAYPASS_PEERS)/bin/cargo-deny" --all-features check licenses bans sources; \
	  else echo "NOT CHECKED, because cargo-deny is missing: licenses, bans, sources"; [ -z "$$DAYPASS_PEERS_REQUIRED" ]; fi
	@echo "advisories: not checked here, because they need github.com/RustSec/advisory-db: .github/workflows/advisories.yml checks them daily,"
	@echo "            or run '$(DAYPASS_PEERS)/bin/cargo-deny check advisories'"

docs: ## Build the documentation as a site, in target/book
	@tests/peers/install.sh docs
	"$(DAYPASS_PEERS)/bin/mdbook" build
	@echo "target/book/index.html"

build: ## Build the release binary
	cargo build --release --bin daypass

DIST = target/artefacts
dist: ## Build the release files: static binary, image, Debian package, checksums, bill of materials (docs/installing.md)
	@tests/peers/install.sh dist
	DAYPASS_DIST=$(DIST) deploy/dist/dist.sh

test-dist: ## Test what `make dist` built, with umoci, skopeo, crun, dpkg and CycloneDX's schema
	DAYPASS_DIST=$(abspath $(DIST)) cargo test --test it dist::artefacts -- --ignored --nocapture --test-threads=1

mint: ## Print what a mint of each kind costs the server, in processor time
	cargo build --release --bin daypass
	DAYPASS_SERVER_BINARY=$(or $(CARGO_TARGET_DIR),target)/release/daypass cargo test --test it conformance::mint -- --ignored --nocapture

# glibc's static libraries come with its headers (libc6-dev). With --target, RUSTFLAGS does not apply to build scripts, which stay dynamic.
TARGET = $(shell rustc -vV | sed -n 's/^host: //p')
SIDECAR = $(or $(CARGO_TARGET_DIR),target)/$(TARGET)/sidecar/daypass-sidecar
sidecar: ## Build the sidecar as a static binary of its own, for pods
	RUSTFLAGS="-C target-feature=+crt-static" cargo build --profile sidecar --bin daypass-sidecar --target $(TARGET)
	@echo "$(SIDECAR): $$(($$(stat -c %s $(SIDECAR)) / 1024)) KiB"

test-sidecar: sidecar ## Test that the sidecar is static, has at most 12 MiB resident and needs no other file
	DAYPASS_SIDECAR_BINARY=$(SIDECAR) cargo test --test it sidecar::size -- --ignored --nocapture --test-threads=1

FUZZ_SECONDS ?= 60
fuzz: ## Fuzz every parser of external input, 60 s each (FUZZ_SECONDS), on one processor
	@[ -x "$(DAYPASS_PEERS)/cargo-fuzz/bin/cargo-fuzz" ] || cargo install --quiet --locked --root "$(DAYPASS_PEERS)/cargo-fuzz" cargo-fuzz@0.13.2
	cargo test --quiet --lib fuzzing::
	@for target in $$(sed -n '/^\[\[bin\]\]/{n;s/name = "\(.*\)"/\1/p}' fuzz/Cargo.toml); do mkdir -p target/fuzz-corpus/$$target fuzz/found/$$target; \
	  echo "$$target:"; PATH="$(DAYPASS_PEERS)/cargo-fuzz/bin:$$PATH" nice -n 15 cargo fuzz run --sanitizer none --target-dir target/fuzz $$target \
	    target/fuzz-corpus/$$target target/fuzz-seeds/$$target -- -max_total_time=$(FUZZ_SECONDS) -max_len=8192 -timeout=5 -rss_limit_mb=1024 -print_final_stats=1 \
	    -artifact_prefix=fuzz/found/$$target/ >target/fuzz-corpus/$$target.log 2>&1 || { tail -30 target/fuzz-corpus/$$target.log; exit 1; }; \
	  grep -E 'number_of_executed_units|DONE' target/fuzz-corpus/$$target.log; done; find fuzz/found -empty -delete

bench: ## Print figures: verify, decide, decrypt, load, diff, exchange, swap, rotate, reads
	cargo bench
