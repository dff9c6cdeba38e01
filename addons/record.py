"""Note real traffic only: `mitmdump -s record.py --set interceptor=interceptor.yaml`.

`record: all` in the project file lets `interceptor export` write pacts from it.
"""

from interceptor.proxy.mitm.scripts import Record
from interceptor.report.summary import closing_lines

addons = [Record(closing_lines)]
