"""Mock handlers for a mitmproxy of your own: `mitmdump -s intercept.py --set interceptor=interceptor.yaml`."""

from interceptor.proxy.mitm.scripts import Intercept
from interceptor.report.summary import closing_lines

addons = [Intercept(closing_lines)]
