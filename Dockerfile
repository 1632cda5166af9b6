# syntax=docker/dockerfile:1
# occurisk with a trained model, for a machine that has a container engine and nothing else.
#
#   docker build -t occurisk .
#   docker run --rm -v "$PWD:/data" --user "$(id -u):$(id -g)" occurisk score jobs.csv --out scored --no-track
#   docker run --rm -p 5001:5001 --entrypoint serve occurisk
#
# The model is trained while the image is built, from figures that the wheel carries: nothing is fetched for it.

FROM python:3.12-slim-bookworm AS wheel
WORKDIR /source
RUN pip install --no-cache-dir build==1.3.0
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY features features
COPY configs configs
RUN python -m build --wheel --outdir /wheel

FROM python:3.12-slim-bookworm
# What LightGBM computes with. Debian keeps one version of it, which a number here would only outlive.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=wheel /wheel /wheel
RUN pip install --no-cache-dir /wheel/*.whl && rm -rf /wheel
RUN useradd --create-home --uid 10001 occurisk \
    && mkdir /data && chown occurisk /data \
    && printf '#!/bin/sh\nexec mlflow models serve -m "models:/occurisk@champion" --env-manager local --host 0.0.0.0 --port 5001\n' \
        > /usr/local/bin/serve \
    && chmod 755 /usr/local/bin/serve
ENV OCCURISK_MODELS_DIR=/home/occurisk/models \
    MLFLOW_TRACKING_URI=sqlite:////home/occurisk/mlruns/mlflow.db \
    MPLCONFIGDIR=/tmp/matplotlib
USER 10001
WORKDIR /home/occurisk
RUN occurisk train --no-evaluation && chmod -R a+rX /home/occurisk
WORKDIR /data
EXPOSE 5001
ENTRYPOINT ["occurisk"]
CMD ["--help"]
