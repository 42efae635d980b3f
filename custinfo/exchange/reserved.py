"""Headings that are about the record, in the exports of custinfo, ODK Central and KoboToolbox.

They mean a question only where the question itself, in the same table, is called that.
"""

from collections.abc import Mapping

SYSTEM: Mapping[str, str] = {
    "KEY": "key", "_key": "key", "PARENT_KEY": "parent", "_parent_key": "parent",
    "_index": "index", "_parent_index": "parent_index", "_parent_table_name": "parent_table",
    "_submission__id": "submission", "_submission__uuid": "submission_uuid",
    "_id": "id", "_uuid": "uuid", "meta/instanceID": "instance_id", "meta-instanceID": "instance_id",
    "instanceID": "instance_id", "_instance_id": "instance_id", "meta/rootUuid": "", "meta.instanceID": "instance_id",
    "SubmissionDate": "submitted_at", "_recorded_at": "submitted_at", "_submission_time": "submitted_at",
    "start": "start", "end": "end", "InterviewedAt": "interviewed_at", "_interviewed_at": "interviewed_at",
}  # fmt: skip
"""What a source says about a record, by heading."""
RESERVED = frozenset(SYSTEM) | {
    "SubmitterID", "ReviewState", "FormVersion", "RecordVersion", "_recorded_by", "_state", "_form_version",
    "_version", "_reason", "_place", "_export", "__version__", "_version_", "_xform_id_string", "_status",
    "_geolocation", "_tags", "_notes", "_validation_status", "_attachments", "_bamboo_dataset_id", "_submitted_by",
    "_submission__submission_time",
    "_submission__validation_status", "_submission__notes", "_submission__status", "_submission__submitted_by",
    "_submission___version__", "_submission__tags", "formhub/uuid", "meta/deprecatedID", "meta/rootUuid",
    "meta/instanceName", "meta-instanceName", "instanceName", "SubmitterName", "AttachmentsPresent",
    "AttachmentsExpected", "Status", "DeviceID", "Edits", "deviceid", "username", "simserial", "subscriberid",
    "phonenumber", "today", "audit",
}  # fmt: skip
"""Known, and passed over without a word; and all of `SYSTEM`."""
