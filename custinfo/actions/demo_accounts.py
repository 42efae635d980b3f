"""The accounts of the invented company, which are said at each start: apart from what it takes to fill a site."""

from custinfo.domain.messages import text
from custinfo.domain.people import Role

PASSWORD = "custinfo-demo"  # noqa: S105  the demo is invented, and its password is printed at every start
ACCOUNTS = (
    ("lin", "林晓", Role.RESEARCHER, "市场调查部"),
    ("zhou", "周敏", Role.SUPERVISOR, "市场调查部"),
    ("chen", "陈立", Role.MANAGER, "总经理办公室"),
    ("wu", "吴桐", Role.ANALYST, "数据分析部"),
    ("xin", "辛宁", Role.INFORMATION_ADMINISTRATOR, "信息管理部"),
    ("he", "何川", Role.DEPARTMENT_HEAD, "市场调查部"),
    ("han", "韩雪", Role.RESEARCHER, "华东业务部"),
    ("shen", "沈静", Role.AUDITOR, "监督小组"),
    ("luo", "罗成", Role.SYSTEM_ADMINISTRATOR, "信息技术部"),
    ("tang", "唐岚", Role.SECURITY_ADMINISTRATOR, "信息安全部"),
)


def accounts_listed(language: str) -> str:
    """One line for each demo account: login name, name, role."""
    return "\n".join(
        f"  {login:<6} {name}  {text(f'people.role.{role}', language)}" for login, name, role, _ in ACCOUNTS
    )
