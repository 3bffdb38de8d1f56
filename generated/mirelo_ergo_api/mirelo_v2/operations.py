"""The service's operations: each one's method, path and parameters, as its spec says."""

from typing import Final, NamedTuple


class Endpoint(NamedTuple):
    """Where an operation is asked, and which parameters it takes beside its body."""

    name: str  # the operationId
    method: str
    path: str  # its parameters stand in braces
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


CREATE_ASSET: Final = Endpoint("createAsset", "POST", "/v2/assets")
DETECT_INSTRUMENTS: Final = Endpoint(
    "detectInstruments", "POST", "/v2/audio-to-midi/v1.0/instruments"
)
AUDIO_TO_MIDI_JOB_CREATE: Final = Endpoint(
    "audioToMidiJobCreate", "POST", "/v2/audio-to-midi/v1.0/jobs"
)
AUDIO_TO_MIDI_JOB_POLL: Final = Endpoint(
    "audioToMidiJobPoll", "GET", "/v2/audio-to-midi/v1.0/jobs/{job_id}"
)
AUDIO_TO_MIDI_PREFLIGHT: Final = Endpoint(
    "audioToMidiPreflight",
    "GET",
    "/v2/audio-to-midi/v1.0/preflight",
    query=("duration_ms",),
)
AUDIO_TO_MIDI_SYNC: Final = Endpoint(
    "audioToMidiSync", "POST", "/v2/audio-to-midi/v1.0/sync"
)
EXTEND_AUDIO_V16_JOB_CREATE: Final = Endpoint(
    "extendAudioV16JobCreate", "POST", "/v2/extend-audio/v1.6/jobs"
)
EXTEND_AUDIO_V16_JOB_POLL: Final = Endpoint(
    "extendAudioV16JobPoll", "GET", "/v2/extend-audio/v1.6/jobs/{job_id}"
)
EXTEND_AUDIO_V16_PREFLIGHT: Final = Endpoint(
    "extendAudioV16Preflight",
    "GET",
    "/v2/extend-audio/v1.6/preflight",
    query=("append_duration_ms", "num_samples"),
)
EXTEND_AUDIO_V16_SYNC: Final = Endpoint(
    "extendAudioV16Sync",
    "POST",
    "/v2/extend-audio/v1.6/sync",
    headers=("Idempotency-Key",),
)
EXTEND_AUDIO_WITH_VIDEO_V16_JOB_CREATE: Final = Endpoint(
    "extendAudioWithVideoV16JobCreate", "POST", "/v2/extend-audio/with_video/v1.6/jobs"
)
EXTEND_AUDIO_WITH_VIDEO_V16_JOB_POLL: Final = Endpoint(
    "extendAudioWithVideoV16JobPoll",
    "GET",
    "/v2/extend-audio/with_video/v1.6/jobs/{job_id}",
)
EXTEND_AUDIO_WITH_VIDEO_V16_PREFLIGHT: Final = Endpoint(
    "extendAudioWithVideoV16Preflight",
    "GET",
    "/v2/extend-audio/with_video/v1.6/preflight",
    query=("append_duration_ms", "num_samples"),
)
EXTEND_AUDIO_WITH_VIDEO_V16_SYNC: Final = Endpoint(
    "extendAudioWithVideoV16Sync",
    "POST",
    "/v2/extend-audio/with_video/v1.6/sync",
    headers=("Idempotency-Key",),
)
INPAINT_AUDIO_V16_JOB_CREATE: Final = Endpoint(
    "inpaintAudioV16JobCreate", "POST", "/v2/inpaint-audio/v1.6/jobs"
)
INPAINT_AUDIO_V16_JOB_POLL: Final = Endpoint(
    "inpaintAudioV16JobPoll", "GET", "/v2/inpaint-audio/v1.6/jobs/{job_id}"
)
INPAINT_AUDIO_V16_PREFLIGHT: Final = Endpoint(
    "inpaintAudioV16Preflight",
    "GET",
    "/v2/inpaint-audio/v1.6/preflight",
    query=("start_ms", "end_ms", "num_samples"),
)
INPAINT_AUDIO_V16_SYNC: Final = Endpoint(
    "inpaintAudioV16Sync",
    "POST",
    "/v2/inpaint-audio/v1.6/sync",
    headers=("Idempotency-Key",),
)
INPAINT_AUDIO_WITH_VIDEO_V16_JOB_CREATE: Final = Endpoint(
    "inpaintAudioWithVideoV16JobCreate",
    "POST",
    "/v2/inpaint-audio/with_video/v1.6/jobs",
)
INPAINT_AUDIO_WITH_VIDEO_V16_JOB_POLL: Final = Endpoint(
    "inpaintAudioWithVideoV16JobPoll",
    "GET",
    "/v2/inpaint-audio/with_video/v1.6/jobs/{job_id}",
)
INPAINT_AUDIO_WITH_VIDEO_V16_PREFLIGHT: Final = Endpoint(
    "inpaintAudioWithVideoV16Preflight",
    "GET",
    "/v2/inpaint-audio/with_video/v1.6/preflight",
    query=("start_ms", "end_ms", "num_samples"),
)
INPAINT_AUDIO_WITH_VIDEO_V16_SYNC: Final = Endpoint(
    "inpaintAudioWithVideoV16Sync",
    "POST",
    "/v2/inpaint-audio/with_video/v1.6/sync",
    headers=("Idempotency-Key",),
)
GET_ME: Final = Endpoint("getMe", "GET", "/v2/me")
TEXT_TO_MUSIC_JOB_CREATE: Final = Endpoint(
    "textToMusicJobCreate", "POST", "/v2/text-to-music/v1.0/jobs"
)
TEXT_TO_MUSIC_JOB_POLL: Final = Endpoint(
    "textToMusicJobPoll", "GET", "/v2/text-to-music/v1.0/jobs/{job_id}"
)
TEXT_TO_MUSIC_PREFLIGHT: Final = Endpoint(
    "textToMusicPreflight",
    "GET",
    "/v2/text-to-music/v1.0/preflight",
    query=("duration_ms", "num_samples"),
)
TEXT_TO_MUSIC_SYNC: Final = Endpoint(
    "textToMusicSync", "POST", "/v2/text-to-music/v1.0/sync"
)
TEXT_TO_SFX_JOB_CREATE: Final = Endpoint(
    "textToSfxJobCreate", "POST", "/v2/text-to-sfx/v1.5/jobs"
)
TEXT_TO_SFX_JOB_POLL: Final = Endpoint(
    "textToSfxJobPoll", "GET", "/v2/text-to-sfx/v1.5/jobs/{job_id}"
)
TEXT_TO_SFX_PREFLIGHT: Final = Endpoint(
    "textToSfxPreflight",
    "GET",
    "/v2/text-to-sfx/v1.5/preflight",
    query=("duration_ms", "num_samples"),
)
TEXT_TO_SFX_SYNC: Final = Endpoint(
    "textToSfxSync", "POST", "/v2/text-to-sfx/v1.5/sync", headers=("Idempotency-Key",)
)
TEXT_TO_SFX_V16_JOB_CREATE: Final = Endpoint(
    "textToSfxV16JobCreate", "POST", "/v2/text-to-sfx/v1.6/jobs"
)
TEXT_TO_SFX_V16_JOB_POLL: Final = Endpoint(
    "textToSfxV16JobPoll", "GET", "/v2/text-to-sfx/v1.6/jobs/{job_id}"
)
TEXT_TO_SFX_V16_PREFLIGHT: Final = Endpoint(
    "textToSfxV16Preflight",
    "GET",
    "/v2/text-to-sfx/v1.6/preflight",
    query=("duration_ms", "num_samples"),
)
TEXT_TO_SFX_V16_SYNC: Final = Endpoint(
    "textToSfxV16Sync",
    "POST",
    "/v2/text-to-sfx/v1.6/sync",
    headers=("Idempotency-Key",),
)
VIDEO_TO_MUSIC_JOB_CREATE: Final = Endpoint(
    "videoToMusicJobCreate", "POST", "/v2/video-to-music/v1.0/jobs"
)
VIDEO_TO_MUSIC_JOB_POLL: Final = Endpoint(
    "videoToMusicJobPoll", "GET", "/v2/video-to-music/v1.0/jobs/{job_id}"
)
VIDEO_TO_SFX_JOB_CREATE: Final = Endpoint(
    "videoToSfxJobCreate", "POST", "/v2/video-to-sfx/v1.5/jobs"
)
VIDEO_TO_SFX_JOB_POLL: Final = Endpoint(
    "videoToSfxJobPoll", "GET", "/v2/video-to-sfx/v1.5/jobs/{job_id}"
)
VIDEO_TO_SFX_PREFLIGHT: Final = Endpoint(
    "videoToSfxPreflight",
    "GET",
    "/v2/video-to-sfx/v1.5/preflight",
    query=("duration_ms", "num_samples"),
)
VIDEO_TO_SFX_SYNC: Final = Endpoint(
    "videoToSfxSync", "POST", "/v2/video-to-sfx/v1.5/sync", headers=("Idempotency-Key",)
)
VIDEO_TO_SFX_V16_JOB_CREATE: Final = Endpoint(
    "videoToSfxV16JobCreate", "POST", "/v2/video-to-sfx/v1.6/jobs"
)
VIDEO_TO_SFX_V16_JOB_POLL: Final = Endpoint(
    "videoToSfxV16JobPoll", "GET", "/v2/video-to-sfx/v1.6/jobs/{job_id}"
)
VIDEO_TO_SFX_V16_PREFLIGHT: Final = Endpoint(
    "videoToSfxV16Preflight",
    "GET",
    "/v2/video-to-sfx/v1.6/preflight",
    query=("duration_ms", "num_samples"),
)
VIDEO_TO_SFX_V16_SYNC: Final = Endpoint(
    "videoToSfxV16Sync",
    "POST",
    "/v2/video-to-sfx/v1.6/sync",
    headers=("Idempotency-Key",),
)
