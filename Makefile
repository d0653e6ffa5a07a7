PREFIX ?= /usr/local
DESTDIR ?=

sources := Package.swift Sources Tests

# Tests that transcode at the same time only slow each other down.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH ?= 4
# These tests wait for programs and keep the threads on which the others' timers run: they go by themselves.
waiting := ^(EndToEnd|IsolatedEngine|Transcoding)Tests\.
recast := .build/release/recast

clips := $(filter-out samples/damaged%,$(sort $(wildcard samples/*.mp4 samples/*.webm)))
# What `make run` fills and shows: a bucket is a folder, and keys are paths below it.
media := recast-data/buckets/media
uploads := $(media)/samples/1
results := $(patsubst samples/%,$(media)/output/web/samples/1/%,$(clips))

# Below PREFIX/share, where man and the shells look.
manual := man/man1/recast.1
completions := bash-completion/completions/recast zsh/site-functions/_recast fish/vendor_completions.d/recast.fish

.DEFAULT_GOAL := help
.PHONY: help run test test-ceph test-release fuzz sanitize bench lint format release install clean

help:
	@echo "make run           build recast, put the clips in samples/ into a bucket and transcode what arrived"
	@echo "make test          build everything and run all tests"
	@echo "make test-ceph     run the tests of object stores against Ceph's S3 gateway, as root"
	@echo "make test-release  run the engine's tests as users have it, optimized, FILTER=... or all"
	@echo "make fuzz          feed the demuxers and decoders nonsense for ten minutes"
	@echo "make sanitize      run the engine's tests under AddressSanitizer and ThreadSanitizer"
	@echo "make bench         measure against ffmpeg and HandBrake, CLIPS=... or samples/, into docs/benchmarks.md"
	@echo "make lint          check the formatting of the sources"
	@echo "make format        format the sources in place"
	@echo "make release       build the optimized program, $(recast)"
	@echo "make install       install it, its manual page and completions below PREFIX ($(PREFIX))"
	@echo "make clean         remove everything that was built, and recast-data/"

run: release
	@install -d $(uploads)
	@cp $(clips) $(uploads)
	$(recast) work --until-empty --log-format text
	@echo
	$(recast) records
	@echo
	@echo "The results are in $(CURDIR)/$(media)/output/web:"
	@for result in $(results); do echo; $(recast) probe "$$result" || exit; done

test:
	@deploy/debian-packages.sh test
	@deploy/test-servers.sh
	swift build
	swift test --skip '$(waiting)'
	swift test --skip-build --filter '$(waiting)'

test-ceph:
	@deploy/debian-packages.sh test-ceph
	@deploy/test-servers.sh
	RECAST_TEST_S3=radosgw swift test --filter 'Object(Store|Key|Upload)Contract'

test-release:
	@deploy/debian-packages.sh test
	Tests/Builds/run.sh release $(if $(FILTER),'$(FILTER)')

fuzz:
	@deploy/debian-packages.sh test
	Tests/Fuzz/run.sh

sanitize:
	@deploy/debian-packages.sh test
	Tests/Builds/run.sh address
	Tests/Builds/run.sh thread

bench: release
	peer=$$(deploy/bench-peers.sh) && $(recast) bench $(CLIPS) --runs $(or $(RUNS),5) --against ffmpeg \
		--against "ffmpeg=$$peer" --against HandBrakeCLI --vmaf "$$peer" --report docs/benchmarks.md

lint:
	swift format lint --strict -r $(sources)

format:
	swift format -i -r $(sources)

release:
	@deploy/debian-packages.sh build
	swift build -c release --product recast

install: release
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/share/recast/presets"
	install -m 755 $(recast) "$(DESTDIR)$(PREFIX)/bin/recast"
	install -m 644 presets/*.json "$(DESTDIR)$(PREFIX)/share/recast/presets"
	install -d $(addprefix "$(DESTDIR)$(PREFIX)/share/,$(addsuffix ",$(dir $(manual) $(completions))))
	$(recast) manual > "$(DESTDIR)$(PREFIX)/share/$(manual)"
	$(recast) --generate-completion-script bash > "$(DESTDIR)$(PREFIX)/share/$(word 1,$(completions))"
	$(recast) --generate-completion-script zsh > "$(DESTDIR)$(PREFIX)/share/$(word 2,$(completions))"
	$(recast) --generate-completion-script fish > "$(DESTDIR)$(PREFIX)/share/$(word 3,$(completions))"

clean:
	rm -rf .build .venv .venv-old .venv-bench recast-data
