# The whole contributor interface. `make demo` and `make check` set up what they need by themselves.

.PHONY: test demo check setup setup-firefox setup-webkit bench bench-diff bench-e2e bench-planted grid

TWINSHOT := $(or $(CARGO_TARGET_DIR),target)/release/twinshot

# Staging against production, by default the embedded demo. BASELINE_URL and CANDIDATE_URL name other
# addresses, GREP filters: make test CANDIDATE_URL=https://staging.example.com GREP=settings
test: setup
	@cargo build --release --locked --quiet
	@$(TWINSHOT) test \
	  $(if $(BASELINE_URL),--baseline-url '$(BASELINE_URL)') \
	  $(if $(CANDIDATE_URL),--candidate-url '$(CANDIDATE_URL)') \
	  $(if $(GREP),'$(GREP)')

# The flows of specs/ on the demo's two releases; succeeds when exactly the planted differences are found.
demo: setup
	cargo build --release --locked
	scripts/demo.sh $(TWINSHOT)

# Everything that must hold before a change lands.
check: setup setup-firefox setup-webkit
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --quiet
	cargo test --locked
	cargo clippy --locked --all-features --all-targets -- -D warnings
	cargo test --locked --all-features --test cli -- tls::
	cargo clippy --locked --no-default-features --all-targets -- -D warnings
	cargo test --locked --no-default-features --test diff --test cli -- foreign:: diff::

# Each stage of the pixel engine by itself.
bench:
	cargo bench --locked --bench diff

# Whole processes beside other image comparers; pictures and peers go to /tmp/twinshot-bench.
bench-diff:
	cargo build --release --locked
	scripts/bench-diff.py $(TWINSHOT)

# Whole suites beside other visual testers, on real pages; pages and peers go to /tmp/twinshot-bench-e2e.
bench-e2e: setup
	cargo build --release --locked
	scripts/bench-e2e.py $(TWINSHOT)

# Small changes of a style, found or not, beside other visual testers; pages and peers go to /tmp/twinshot-bench-planted.
bench-planted: setup
	cargo build --release --locked
	scripts/bench-planted.py $(TWINSHOT)

# The demo's flows through a real Selenium Grid on this machine; Java and npm are needed.
grid: setup
	cargo build --release --locked
	tests/grid/run.sh $(TWINSHOT)

# A browser, its driver and a font, when they are missing.
setup:
	@scripts/setup.sh

# Firefox and its driver for the checks, where they can be had; a warning elsewhere.
setup-firefox:
	@scripts/setup-firefox.sh

# WebKitGTK, its driver and a display for the checks, where they can be had; a warning elsewhere.
setup-webkit:
	@scripts/setup-webkit.sh
