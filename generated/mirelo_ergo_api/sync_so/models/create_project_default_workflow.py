from typing import Literal

CreateProjectDefaultWorkflow = Literal[
    "edit_dialogue", "image_to_video", "lipsync", "translate_and_dub"
]

CREATE_PROJECT_DEFAULT_WORKFLOW_VALUES: set[CreateProjectDefaultWorkflow] = {
    "edit_dialogue",
    "image_to_video",
    "lipsync",
    "translate_and_dub",
}


def check_create_project_default_workflow(value: str) -> CreateProjectDefaultWorkflow:
    if value in CREATE_PROJECT_DEFAULT_WORKFLOW_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {CREATE_PROJECT_DEFAULT_WORKFLOW_VALUES!r}"
    )
