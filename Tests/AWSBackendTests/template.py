"""Writes a CloudFormation template as JSON: template.py FILE"""

import json
import sys

from cfnlint.decode import decode

template, problems = decode(sys.argv[1])
if problems:
    sys.exit("\n".join(str(problem) for problem in problems))
print(json.dumps(template))
