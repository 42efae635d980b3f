"""Every analyst's JupyterLab (/etc/custinfo/lab.py): who may enter is the workbench's to say, nothing here."""

import os
from pathlib import Path

c = get_config()  # noqa: F821  # what Jupyter gives to its configuration
login = os.environ["CUSTINFO_LAB"]

c.ServerApp.identity_provider_class = "custinfo.server.lab_identity.LabIdentityProvider"
c.LabIdentityProvider.site = "https://kehu.example.cn"
c.LabIdentityProvider.server = "http://127.0.0.1:8866"
c.LabIdentityProvider.token_file = str(Path.home() / ".config" / "custinfo" / "lab-token")

c.ServerApp.sock = f"/run/custinfo-lab/{login}/lab.sock"
c.ServerApp.sock_mode = "0666"  # in a folder that only the account and the proxy may enter
c.ServerApp.base_url = f"/{login}/"
c.ServerApp.root_dir = str(Path.home())
c.ServerApp.open_browser = False
c.ServerApp.allow_remote_access = True  # the proxy says who reaches it
c.ServerApp.trust_xheaders = True
c.ServerApp.terminals_enabled = False
