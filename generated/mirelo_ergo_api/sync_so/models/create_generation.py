from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.audio_input import AudioInput
    from ..models.dialogue_edit import DialogueEdit
    from ..models.dub_params import DubParams
    from ..models.generation_options import GenerationOptions
    from ..models.image_input import ImageInput
    from ..models.segment import Segment
    from ..models.text_input import TextInput
    from ..models.video_input import VideoInput


T = TypeVar("T", bound="CreateGeneration")


@_attrs_define
class CreateGeneration:
    """A generation to create."""

    input_: list[AudioInput | ImageInput | TextInput | VideoInput]
    """ Exactly one visual, a video or (with sync-3) an image, and at least one audio or text. Several audios only
    together with `segments`. """
    model: str
    """ The model; sync-3, lipsync-2, lipsync-2-pro, lipsync-1.9.0-beta, react-1, or a newer one. """
    dialogue_edit: DialogueEdit | Unset = UNSET
    """ A completed edit of the dialogue. """
    dub_params: DubParams | Unset = UNSET
    """ A translation; the audio inputs are then ignored. """
    options: GenerationOptions | Unset = UNSET
    """ How to generate. The service ignores what a model does not know. """
    output_file_name: str | Unset = UNSET
    """ The name of the result, without its ending. """
    project_id: UUID | Unset = UNSET
    """ The project that it belongs to. """
    segments: list[Segment] | Unset = UNSET
    """ Which audio speaks when. """
    webhook_url: str | Unset = UNSET
    """ Where to call back, by https. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.audio_input import AudioInput  # noqa: PLC0415
        from ..models.image_input import ImageInput  # noqa: PLC0415
        from ..models.video_input import VideoInput  # noqa: PLC0415

        input_ = []
        for input_item_data in self.input_:
            input_item: dict[str, Any]
            if isinstance(input_item_data, VideoInput):
                input_item = input_item_data.to_dict()
            elif isinstance(input_item_data, ImageInput):
                input_item = input_item_data.to_dict()
            elif isinstance(input_item_data, AudioInput):
                input_item = input_item_data.to_dict()
            else:
                input_item = input_item_data.to_dict()

            input_.append(input_item)

        model = self.model

        dialogue_edit: dict[str, Any] | Unset = UNSET
        if not isinstance(self.dialogue_edit, Unset):
            dialogue_edit = self.dialogue_edit.to_dict()

        dub_params: dict[str, Any] | Unset = UNSET
        if not isinstance(self.dub_params, Unset):
            dub_params = self.dub_params.to_dict()

        options: dict[str, Any] | Unset = UNSET
        if not isinstance(self.options, Unset):
            options = self.options.to_dict()

        output_file_name = self.output_file_name

        project_id: str | Unset = UNSET
        if not isinstance(self.project_id, Unset):
            project_id = str(self.project_id)

        segments: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.segments, Unset):
            segments = []
            for segments_item_data in self.segments:
                segments_item = segments_item_data.to_dict()
                segments.append(segments_item)

        webhook_url = self.webhook_url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "input": input_,
                "model": model,
            }
        )
        if dialogue_edit is not UNSET:
            field_dict["dialogueEdit"] = dialogue_edit
        if dub_params is not UNSET:
            field_dict["dubParams"] = dub_params
        if options is not UNSET:
            field_dict["options"] = options
        if output_file_name is not UNSET:
            field_dict["outputFileName"] = output_file_name
        if project_id is not UNSET:
            field_dict["projectId"] = project_id
        if segments is not UNSET:
            field_dict["segments"] = segments
        if webhook_url is not UNSET:
            field_dict["webhookUrl"] = webhook_url

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.audio_input import AudioInput  # noqa: PLC0415
        from ..models.dialogue_edit import DialogueEdit  # noqa: PLC0415
        from ..models.dub_params import DubParams  # noqa: PLC0415
        from ..models.generation_options import GenerationOptions  # noqa: PLC0415
        from ..models.image_input import ImageInput  # noqa: PLC0415
        from ..models.segment import Segment  # noqa: PLC0415
        from ..models.text_input import TextInput  # noqa: PLC0415
        from ..models.video_input import VideoInput  # noqa: PLC0415

        d = dict(src_dict)
        input_ = []
        _input_ = d.pop("input")
        for input_item_data in _input_:

            def _parse_input_item(
                data: object,
            ) -> AudioInput | ImageInput | TextInput | VideoInput:
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_input_type_0 = VideoInput.from_dict(data)

                    return componentsschemas_input_type_0
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_input_type_1 = ImageInput.from_dict(data)

                    return componentsschemas_input_type_1
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_input_type_2 = AudioInput.from_dict(data)

                    return componentsschemas_input_type_2
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_input_type_3 = TextInput.from_dict(data)

                return componentsschemas_input_type_3

            input_item = _parse_input_item(input_item_data)

            input_.append(input_item)

        model = d.pop("model")

        _dialogue_edit = d.pop("dialogueEdit", UNSET)
        dialogue_edit: DialogueEdit | Unset
        if isinstance(_dialogue_edit, Unset):
            dialogue_edit = UNSET
        else:
            dialogue_edit = DialogueEdit.from_dict(_dialogue_edit)

        _dub_params = d.pop("dubParams", UNSET)
        dub_params: DubParams | Unset
        if isinstance(_dub_params, Unset):
            dub_params = UNSET
        else:
            dub_params = DubParams.from_dict(_dub_params)

        _options = d.pop("options", UNSET)
        options: GenerationOptions | Unset
        if isinstance(_options, Unset):
            options = UNSET
        else:
            options = GenerationOptions.from_dict(_options)

        output_file_name = d.pop("outputFileName", UNSET)

        _project_id = d.pop("projectId", UNSET)
        project_id: UUID | Unset
        if isinstance(_project_id, Unset):
            project_id = UNSET
        else:
            project_id = UUID(_project_id)

        _segments = d.pop("segments", UNSET)
        segments: list[Segment] | Unset = UNSET
        if _segments is not UNSET:
            segments = []
            for segments_item_data in _segments:
                segments_item = Segment.from_dict(segments_item_data)

                segments.append(segments_item)

        webhook_url = d.pop("webhookUrl", UNSET)

        create_generation = cls(
            input_=input_,
            model=model,
            dialogue_edit=dialogue_edit,
            dub_params=dub_params,
            options=options,
            output_file_name=output_file_name,
            project_id=project_id,
            segments=segments,
            webhook_url=webhook_url,
        )

        create_generation.additional_properties = d
        return create_generation

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
