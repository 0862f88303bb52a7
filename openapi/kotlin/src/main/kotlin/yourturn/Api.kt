package yourturn

import java.io.IOException
import java.lang.reflect.Type
import java.time.OffsetDateTime
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import kotlinx.serialization.KSerializer
import kotlinx.serialization.SerializationException
import kotlinx.serialization.descriptors.PrimitiveKind
import kotlinx.serialization.descriptors.PrimitiveSerialDescriptor
import kotlinx.serialization.encoding.Decoder
import kotlinx.serialization.encoding.Encoder
import kotlinx.serialization.builtins.MapSerializer
import kotlinx.serialization.json.Json
import kotlinx.serialization.modules.SerializersModule
import kotlinx.serialization.serializer
import okhttp3.Call
import okhttp3.Callback
import okhttp3.MediaType.Companion.toMediaType
import okhttp3.Request
import okhttp3.RequestBody
import okhttp3.RequestBody.Companion.toRequestBody
import okhttp3.Response
import okhttp3.ResponseBody
import okio.Timeout
import retrofit2.Converter
import retrofit2.Retrofit
import yourturn.wire.apis.DevicesApi
import yourturn.wire.apis.FeedApi
import yourturn.wire.apis.GamesApi
import yourturn.wire.apis.MatchmakingApi
import yourturn.wire.apis.PeopleApi
import yourturn.wire.apis.PlayersApi
import yourturn.wire.apis.ServerApi
import yourturn.wire.apis.SessionsApi

/**
 * Every operation of the server, as it was generated from the schema. Each call carries the player's token, is repeated
 * where that is safe, can be cancelled, and throws a [Problem] when the server refuses.
 */
class Api internal constructor(private val retrofit: Retrofit) {
    val server: ServerApi = of()
    val players: PlayersApi = of()
    val people: PeopleApi = of()
    val games: GamesApi = of()
    val matchmaking: MatchmakingApi = of()
    val sessions: SessionsApi = of()
    val feed: FeedApi = of()
    val devices: DevicesApi = of()

    /** The operations of one game: `api.of<TictactoeApi>()`. */
    inline fun <reified A : Any> of(): A = of(A::class.java)

    fun <A : Any> of(api: Class<A>): A = retrofit.create(api)
}

internal fun api(requests: Requests) = Api(
    Retrofit.Builder().baseUrl(requests.address).callFactory { PatientCall(it, requests) }.addConverterFactory(WireConverters).build(),
)

internal val JSON = "application/json".toMediaType()

/**
 * JSON as the server means it: an absent member is not null but absent, and what a newer server says is skipped by an
 * older app.
 */
@PublishedApi
internal val wireJson = Json {
    ignoreUnknownKeys = true
    coerceInputValues = true // a word that is not known where one may be absent
    explicitNulls = false
    serializersModule = SerializersModule {
        contextual(OffsetDateTime::class, Times)
        contextual(Map::class) { (key, value) -> MapSerializer(key, value) }
    }
}

private object Times : KSerializer<OffsetDateTime> {
    override val descriptor = PrimitiveSerialDescriptor("yourturn.Time", PrimitiveKind.STRING)
    override fun serialize(encoder: Encoder, value: OffsetDateTime) = encoder.encodeString(value.toInstant().toString())
    override fun deserialize(decoder: Decoder): OffsetDateTime = OffsetDateTime.parse(decoder.decodeString())
}

private object WireConverters : Converter.Factory() {
    override fun requestBodyConverter(
        type: Type, parameterAnnotations: Array<out Annotation>, methodAnnotations: Array<out Annotation>, retrofit: Retrofit,
    ): Converter<Any, RequestBody> {
        val serializer = wireJson.serializersModule.serializer(type)
        return Converter { wireJson.encodeToString(serializer, it).toRequestBody(JSON) }
    }

    override fun responseBodyConverter(
        type: Type, annotations: Array<out Annotation>, retrofit: Retrofit,
    ): Converter<ResponseBody, Any> {
        val serializer = wireJson.serializersModule.serializer(type)
        return Converter { body ->
            try {
                wireJson.decodeFromString(serializer, body.string())
            } catch (e: SerializationException) {
                throw CallFailed(annotations.firstOrNull().toString(), cause = e)
            }
        }
    }
}

/** A call of Retrofit's that goes through [Requests]. It is answered in any case: also when the client is closed. */
private class PatientCall(private val request: Request, private val requests: Requests) : Call {
    private val login = requests.login
    private val work = Job()

    @Volatile
    private var executed = false

    override fun enqueue(responseCallback: Callback) {
        executed = true
        CoroutineScope(Dispatchers.IO).launch {
            val answer = try {
                answer()
            } catch (e: IOException) {
                return@launch responseCallback.onFailure(this@PatientCall, e)
            }
            responseCallback.onResponse(this@PatientCall, answer)
        }
    }

    override fun execute(): Response {
        executed = true
        return runBlocking { answer() }
    }

    private suspend fun answer(): Response = try {
        withContext(work) { requests.send(request, login) }
    } catch (e: CancellationException) {
        throw CallFailed(request.call(), cause = e)
    }

    override fun request() = request
    override fun cancel() = work.cancel()
    override fun isExecuted() = executed
    override fun isCanceled() = work.isCancelled
    override fun timeout(): Timeout = Timeout.NONE
    override fun clone(): Call = PatientCall(request, requests)
}
