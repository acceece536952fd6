# docker build -t linksim .
# docker run --rm -v "$PWD:/work" --user "$(id -u):$(id -g)" linksim run mine.yaml
FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml setup.py MANIFEST.in README.md LICENSE ./
COPY linksim linksim
COPY scenarios scenarios
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /dist .

FROM python:3.12-slim
COPY --from=build /dist /dist
RUN pip install --no-cache-dir /dist/*.whl && rm -r /dist
RUN useradd --create-home --uid 1000 linksim && mkdir /work /cache && chmod 777 /cache && chown linksim /work
# Downloads and BPG encodes; Matplotlib's and Numba's caches: writable by any user that --user names.
ENV LINKSIM_CACHE=/cache/linksim MPLCONFIGDIR=/cache/matplotlib NUMBA_CACHE_DIR=/cache/numba
USER linksim
WORKDIR /work
ENTRYPOINT ["linksim"]
CMD ["--help"]
