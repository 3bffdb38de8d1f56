from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import types
from ..types import UNSET, File, FileTypes, Unset

T = TypeVar("T", bound="CreateGenerationWithFiles")


@_attrs_define
class CreateGenerationWithFiles:
    """A generation to create, with the files in the form. A file wins over a URL for the same input."""

    model: str
    """ As in CreateGeneration. """
    audio: File | Unset = UNSET
    """ The audio. """
    image: File | Unset = UNSET
    """ The picture; with sync-3 only. """
    input_: list[str] | Unset = UNSET
    """ Further inputs, each the JSON text of one. """
    options: str | Unset = UNSET
    """ The JSON text of GenerationOptions. """
    video: File | Unset = UNSET
    """ The video. """
    webhook_url: str | Unset = UNSET
    """ Where to call back, by https. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        model = self.model

        audio: FileTypes | Unset = UNSET
        if not isinstance(self.audio, Unset):
            audio = self.audio.to_tuple()

        image: FileTypes | Unset = UNSET
        if not isinstance(self.image, Unset):
            image = self.image.to_tuple()

        input_: list[str] | Unset = UNSET
        if not isinstance(self.input_, Unset):
            input_ = self.input_

        options = self.options

        video: FileTypes | Unset = UNSET
        if not isinstance(self.video, Unset):
            video = self.video.to_tuple()

        webhook_url = self.webhook_url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "model": model,
            }
        )
        if audio is not UNSET:
            field_dict["audio"] = audio
        if image is not UNSET:
            field_dict["image"] = image
        if input_ is not UNSET:
            field_dict["input"] = input_
        if options is not UNSET:
            field_dict["options"] = options
        if video is not UNSET:
            field_dict["video"] = video
        if webhook_url is not UNSET:
            field_dict["webhookUrl"] = webhook_url

        return field_dict

    def to_multipart(self) -> types.RequestFiles:
        files: types.RequestFiles = []

        files.append(("model", (None, str(self.model).encode(), "text/plain")))

        if not isinstance(self.audio, Unset):
            files.append(("audio", self.audio.to_tuple()))

        if not isinstance(self.image, Unset):
            files.append(("image", self.image.to_tuple()))

        if not isinstance(self.input_, Unset):
            for input_item_element in self.input_:
                files.append(
                    ("input", (None, str(input_item_element).encode(), "text/plain"))
                )

        if not isinstance(self.options, Unset):
            files.append(("options", (None, str(self.options).encode(), "text/plain")))

        if not isinstance(self.video, Unset):
            files.append(("video", self.video.to_tuple()))

        if not isinstance(self.webhook_url, Unset):
            files.append(
                ("webhookUrl", (None, str(self.webhook_url).encode(), "text/plain"))
            )

        for prop_name, prop in self.additional_properties.items():
            files.append((prop_name, (None, str(prop).encode(), "text/plain")))

        return files

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        model = d.pop("model")

        _audio = d.pop("audio", UNSET)
        audio: File | Unset
        if isinstance(_audio, Unset):
            audio = UNSET
        else:
            audio = File(payload=BytesIO(_audio))

        _image = d.pop("image", UNSET)
        image: File | Unset
        if isinstance(_image, Unset):
            image = UNSET
        else:
            image = File(payload=BytesIO(_image))

        input_ = cast(list[str], d.pop("input", UNSET))

        options = d.pop("options", UNSET)

        _video = d.pop("video", UNSET)
        video: File | Unset
        if isinstance(_video, Unset):
            video = UNSET
        else:
            video = File(payload=BytesIO(_video))

        webhook_url = d.pop("webhookUrl", UNSET)

        create_generation_with_files = cls(
            model=model,
            audio=audio,
            image=image,
            input_=input_,
            options=options,
            video=video,
            webhook_url=webhook_url,
        )

        create_generation_with_files.additional_properties = d
        return create_generation_with_files

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
