"""What a rule file says to people, in both languages."""

from custinfo.classification.rules import Part, Text


class Words(Part):
    """The same in Chinese and in English."""

    zh: Text
    en: Text

    def text(self, language: str) -> str:
        """In Chinese for `zh-CN`, else in English."""
        return self.zh if language == "zh-CN" else self.en
