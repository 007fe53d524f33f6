# make demo       the main job: fetch two kernels, read them, answer a question (FROM=… for another source)
# make test       lint, types, tests; needs Python, git and make only
# make deps       the Debian packages that make test-real needs
# make test-real  real kernel headers against gcc, programs against llvm and tcpdump, the report in Chromium; a missing
#                 tool fails by name
# make audit      asks pip-audit, and so its service on the network, for known faults of what kscan installs (AUDIT=… for
#                 another service)
# make vendor     fetches the report's libraries again, as npm has them
# make readme     regenerates the parts of README.md that kscan prints itself

PYTHON ?= python3
FROM ?= github
VENV := .venv
BIN := $(VENV)/bin
SUITES := bullseye bookworm trixie sid
DEBS ?= build/debs

.PHONY: demo test deps test-real audit readme vendor clean

demo: $(VENV)/ready
	$(BIN)/kscan fetch v4.2 v4.3 --from '$(FROM)'
	$(BIN)/kscan when did PACKET_FANOUT_EBPF appear

test: $(VENV)/tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m tests.readme --check
	rm -f .coverage .coverage.*
	$(BIN)/coverage run -m pytest -n auto --dist loadfile
	$(BIN)/coverage combine -q
	$(BIN)/coverage report --skip-covered --sort=cover

deps:
	@echo gcc libc6-dev debian-archive-keyring clang-19 llvm-19 tcpdump chromium

test-real: $(VENV)/tested
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test,browser,dask]'
	sh tests/real/fetch_debian.sh $(DEBS) $(SUITES)
	KSCAN_DEBS=$(DEBS) $(BIN)/python -m pytest tests/real --timeout=900 -n auto --dist loadfile

audit:
	$(PYTHON) -m venv build/audit
	build/audit/bin/pip install --quiet --disable-pip-version-check pip-audit
	rm -rf build/audited
	build/audit/bin/pip install --quiet --disable-pip-version-check --target build/audited .
	build/audit/bin/pip-audit --path build/audited $(AUDIT)

readme: $(VENV)/tested
	$(BIN)/python -m tests.readme

VENDORED := datatables.net@3.1.5 datatables.net-dt@3.1.2 datatables.net-buttons@4.1.1 datatables.net-buttons-dt@4.1.1 \
	datatables.net-columncontrol@2.1.1 datatables.net-columncontrol-dt@2.1.1 datatables.net-keytable@3.1.0 \
	datatables.net-fixedheader@5.1.0 uplot@1.6.32

vendor:
	rm -rf build/vendor && mkdir -p build/vendor
	cd build/vendor && npm pack --silent $(VENDORED) && for found in *.tgz; do tar -xzf $$found --one-top-level; done
	cd kscan/report/vendor && for file in *.js *.css; do cp "$$(find ../../../build/vendor -name $$file)" .; done

# Installing makes kscan/shipped.sqlite of data/.
$(VENV)/ready: pyproject.toml data/releases.tsv data/decisions.tsv
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/tested: $(VENV)/ready
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@

clean:
	rm -rf $(VENV) build dist .coverage* .mypy_cache .pytest_cache .ruff_cache
