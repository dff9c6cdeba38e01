# The proxy for consumers in other containers: docs/containers.md
FROM python:3.13-slim
COPY . /source
RUN pip install --no-cache-dir /source && rm -r /source
USER 1000
WORKDIR /project
EXPOSE 41873
HEALTHCHECK --interval=2s --timeout=2s --start-period=10s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:41873/health')"]
ENTRYPOINT ["interceptor"]
# It needs INTERCEPTOR_TOKEN, which clients give as the password to the proxy.
CMD ["serve", "--host", "0.0.0.0", "--port", "41873"]
